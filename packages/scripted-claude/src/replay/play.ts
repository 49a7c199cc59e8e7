import { once } from 'node:events'
import { wait } from '../answer/schedule.ts'
import type { CassetteAnswer, CassetteEvent } from '../cassette/cassette.ts'
import { directoryPlaceholder } from '../cassette/cassette.ts'
import type { Exchange } from '../endpoints/exchange.ts'

/** Characters, roughly, that are gathered before they are written at once. */
const batchLength = 64 * 1024

/** How an answer is played. */
export interface PlayOptions {
  /** The folder that the agent works in now. */
  directory: string | undefined
  /** Whether recorded pauses are kept, and how long a client is told to wait before it tries again. */
  keepsPauses: boolean
}

/** Plays a recorded answer to its end, which may be a broken connection. Rejects when the client goes. */
export async function play(exchange: Exchange, answer: CassetteAnswer, options: PlayOptions): Promise<void> {
  const { request, response, record, signal } = exchange
  const { headers, events, body, text } = answer
  const isHurried = !options.keepsPauses && headers['retry-after'] !== undefined
  response.writeHead(answer.status, {
    ...headers,
    ...(isHurried ? { 'retry-after': '0' } : {}),
    'request-id': record.id,
  })
  response.flushHeaders()
  if (request.method !== 'HEAD') {
    if (events !== undefined) await playEvents(exchange, events, options)
    else if (body !== undefined) response.write(JSON.stringify(fill(body, options.directory)))
    else if (text !== undefined) response.write(text)
  }
  if (answer.end === undefined) return void response.end()
  if (answer.end === 'left') return void (await once(signal, 'abort'))
  record.outcome = 'cut'
  const half = answer.end === 'cut-mid-event' ? 'event: content_block_delta\ndata: {"type":"content_bl' : ''
  response.write(half, () => response.destroy())
}

/** Writes events, each when it is due; waits for clients that read slowly. */
async function playEvents(
  { response, signal }: Exchange,
  events: readonly CassetteEvent[],
  options: PlayOptions,
): Promise<void> {
  let waiting = ''
  const flush = async () => {
    const batch = waiting
    waiting = ''
    if (batch !== '' && !response.write(batch)) await once(response, 'drain', { signal })
  }
  for (const event of events) {
    if (options.keepsPauses && event.afterMs !== undefined) {
      await flush()
      await wait(event.afterMs, signal)
    }
    waiting += encode(event, options.directory)
    if (waiting.length >= batchLength) await flush()
  }
  await flush()
}

/** An event as it stands on the wire. */
function encode({ event, data, text }: CassetteEvent, directory: string | undefined): string {
  const type = (data as { type?: unknown } | null | undefined)?.type
  const name = event ?? (typeof type === 'string' && /^\w+$/.test(type) ? type : undefined)
  const lines =
    data === undefined ? (text ?? '').split(/\r\n|\n|\r/) : [JSON.stringify(fill(data, directory))]
  const head = name === undefined ? '' : `event: ${name}\n`
  return `${head}${lines.map((line) => `data: ${line}\n`).join('')}\n`
}

/** Puts the folder of now where that of the recording was. */
function fill(value: unknown, directory: string | undefined, isJson = false): unknown {
  if (directory === undefined) return value
  if (typeof value === 'string') {
    const path = isJson ? JSON.stringify(directory).slice(1, -1) : directory
    return value.replaceAll(directoryPlaceholder, () => path)
  }
  if (Array.isArray(value)) return value.map((item: unknown) => fill(item, directory, isJson))
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).map(([name, field]: [string, unknown]) => [
    name,
    fill(field, directory, isJson || name === 'partial_json'),
  ])
  return Object.fromEntries(fields) as object
}
