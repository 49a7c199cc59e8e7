import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { maxCassetteBytes } from '../cassette/cassette-file.ts'
import type { Exchange } from '../endpoints/exchange.ts'
import { ApiError } from '../errors.ts'
import { isModelPath } from '../shape/model-path.ts'
import type { ShapedRequest } from '../shape/shape.ts'
import { shapeOf } from '../shape/shape.ts'
import { AnswerTape } from './answer-tape.ts'
import type { CassetteWriter } from './cassette-writer.ts'
import { redactAnswer } from './redaction.ts'
import type { Secrets } from './secrets.ts'
import type { Upstream } from './upstream.ts'
import { endToEnd } from './upstream.ts'

/** What a recording is made with. */
export interface Recording {
  upstream: Upstream
  secrets: Secrets
  writer: CassetteWriter
  keepsPauses: boolean
  /** Set when the recorder ends: what is open then was not ended by its client. */
  isClosing: boolean
}

/** Passes one request on and its answer back, and records both if they are of the model's API. */
export async function passOn(exchange: Exchange, recording: Recording): Promise<void> {
  const { request, signal } = exchange
  const { upstream, secrets, writer } = recording
  const body = await exchange.readRaw()
  secrets.learnHeaders(request.headers)
  const shaped = readShape(exchange, body, recording)
  const slot = shaped === undefined ? undefined : writer.reserve()
  const answer = await upstream.send(request, body, signal).catch((cause: unknown) => {
    const reason = `the API cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}`
    writer.leaveOut(signal.aborted ? 'a request was ended before its answer began' : reason, slot)
    throw new ApiError({ status: 502, message: `scripted-claude: ${reason}` })
  })
  secrets.learnHeaders(answer.headers)
  const tape = new AnswerTape(answer.statusCode ?? 502, answer.headers, recording.keepsPauses)
  const { end, problem } = await passBack(exchange, answer, tape)
  if (slot === undefined || shaped === undefined) return
  if (problem !== undefined) return writer.leaveOut(problem, slot)
  if (end === 'left' && recording.isClosing) {
    return writer.leaveOut('an answer was still open when the recording ended', slot)
  }
  try {
    writer.put(slot, {
      request: shaped.shape,
      answer: redactAnswer(tape.end(end), secrets, shaped.directory),
    })
  } catch (error) {
    writer.leaveOut(`an answer cannot be read: ${String(error)}`, slot)
  }
}

/** The shape of a request that is recorded; `undefined` for others. */
function readShape(exchange: Exchange, body: Buffer, recording: Recording): ShapedRequest | undefined {
  const { record } = exchange
  const { secrets, writer } = recording
  const name = `${record.method} ${record.path}`
  if (!isModelPath(record.path)) {
    if (record.path.startsWith('/v1/')) writer.leaveOut(`${name} is not of what is recorded`)
    return undefined
  }
  try {
    const value: unknown = body.length === 0 ? undefined : JSON.parse(body.toString('utf8'))
    secrets.learnUser(value)
    const shaped = shapeOf(record.method, record.path, value, (text) => secrets.clean(text))
    record.kind = shaped.shape.kind
    return shaped
  } catch {
    writer.leaveOut(`a body of ${name} is not JSON of the Messages API`)
    return undefined
  }
}

/** Streams the answer to the client as it comes, past the tape. */
async function passBack(
  exchange: Exchange,
  answer: IncomingMessage,
  tape: AnswerTape,
): Promise<{ end: 'cut' | 'left' | undefined; problem: string | undefined }> {
  const { response, record, signal } = exchange
  const coding = answer.headers['content-encoding'] ?? 'identity'
  let problem = coding === 'identity' ? undefined : `an answer is encoded as ${coding}`
  let bytes = 0
  let end: 'cut' | 'left' | undefined
  response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers))
  response.flushHeaders()
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > maxCassetteBytes) problem ??= `an answer is longer than ${maxCassetteBytes} bytes`
      if (problem === undefined) tape.take(chunk)
      if (!response.write(chunk)) await once(response, 'drain', { signal })
    }
  } catch {
    end = signal.aborted ? 'left' : 'cut'
  }
  if (end === undefined) response.end()
  else if (!response.destroyed) {
    record.outcome = 'cut'
    response.write('', () => response.destroy())
  }
  return { end, problem }
}
