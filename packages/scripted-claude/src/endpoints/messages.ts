import { EventStream } from '../answer/event-stream.ts'
import type { Ending } from '../answer/player.ts'
import { Player } from '../answer/player.ts'
import { countTokens } from '../answer/token-count.ts'
import { WholeMessage } from '../answer/whole-message.ts'
import { scriptFailure } from '../errors.ts'
import { readScriptedRequest } from '../request/scripted-request.ts'
import { validateMessagesBody } from '../request/validation.ts'
import type { Playbook } from '../script/playbook.ts'
import type { Exchange } from './exchange.ts'
import { writeError, writeJson } from './exchange.ts'

/** `POST /v1/messages`: lets the script answer, streamed or whole. */
export async function answerMessages(exchange: Exchange, playbook: Playbook): Promise<void> {
  const { record, request, response, signal } = exchange
  const { value, bytes } = await exchange.readBody()
  const body = validateMessagesBody(value, true)
  const scripted = readScriptedRequest(body, request.headers, signal)
  record.kind = scripted.kind
  const choice = playbook.choose(scripted)
  record.rule = choice.rule

  const stream = body.stream === true ? new EventStream(response, body.model, record.id, signal) : undefined
  const whole = new WholeMessage(body.model)
  const player = new Player({
    sink: stream ?? whole,
    pace: choice.pace,
    inputTokens: countTokens(bytes),
    isPaced: stream !== undefined,
    signal,
  })
  const ending = await player.play(await choice.steps).catch((error: unknown): Ending => {
    if (signal.aborted) throw error
    return { type: 'error', error: scriptFailure(error) }
  })
  if (stream !== undefined) return finishStream(exchange, stream, ending)
  if (ending.type === 'complete') return writeJson(exchange, 200, whole.toJson())
  if (ending.type === 'error') return writeError(exchange, ending.error)
  cut(exchange)
}

/** `POST /v1/messages/count_tokens`: a steady, made-up count. */
export async function answerCountTokens(exchange: Exchange): Promise<void> {
  const { value, bytes } = await exchange.readBody()
  validateMessagesBody(value, false)
  writeJson(exchange, 200, { input_tokens: countTokens(bytes) })
}

/** Ends a stream the way its steps ended. */
async function finishStream(exchange: Exchange, stream: EventStream, ending: Ending): Promise<void> {
  const { response, record } = exchange
  if (ending.type === 'complete') {
    response.end()
    return
  }
  if (ending.type === 'error') {
    if (!response.headersSent) return writeError(exchange, ending.error)
    record.failure = ending.error.message
    stream.fail(ending.error)
    await stream.flush()
    response.end()
    return
  }
  if (ending.cut === 'mid-event' && response.headersSent) {
    stream.writeHalfEvent()
    await stream.flush()
  }
  cut(exchange)
}

/** Breaks the connection once what was said so far has left. */
function cut(exchange: Exchange): void {
  exchange.record.outcome = 'cut'
  const { response } = exchange
  if (response.headersSent) response.write('', () => response.destroy())
  else response.destroy()
}
