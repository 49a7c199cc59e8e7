import { AgentServerError, ERRORS, parseErrorBody, type ErrorCode } from '@claude-agent/protocol'
import type { Endpoint } from './endpoint.ts'
import type { Closure, HttpAnswer } from './socket.ts'

const START_SERVER = 'Is the server started, and is this its address and port?'
const PASS_TOKEN = 'Pass the server’s CLAUDE_AGENT_TOKEN as `token`.'
const NOT_A_SERVER = 'The address must be that of a claude-agent-server; its GET /health answers with JSON.'

/** The error for a server that cannot be reached. */
export function unreachable(endpoint: Endpoint, cause: unknown): AgentServerError {
  const { text, code } = describeCause(cause)
  if (code.startsWith('HPE_') || /Parse Error|Sec-WebSocket/.test(text)) {
    return notAServer(endpoint, `spoke something other than HTTP and WebSocket (${text})`, cause)
  }
  return new AgentServerError({
    code: 'connect_failed',
    message: `${endpoint.address} could not be reached: ${text}.`,
    hint:
      code === 'EPROTO' || code.startsWith('ERR_SSL')
        ? 'Does the server speak http rather than https?'
        : START_SERVER,
    cause,
  })
}

/** The error for a server that takes the socket or the request, or not even that, and then says nothing. */
export function tooSlow(
  endpoint: Pick<Endpoint, 'address'>,
  withinMs: number,
  option = 'connectTimeoutMs',
): AgentServerError {
  return new AgentServerError({
    code: 'connect_timeout',
    message: `${endpoint.address} did not answer within ${withinMs} ms.`,
    hint: `Is it a claude-agent-server, and is it alive? \`${option}\` sets the limit.`,
  })
}

/** The error of a `start()` or `watchDir()` that `stop()` ended. */
export function stoppedEarly(): AgentServerError {
  return new AgentServerError({
    code: 'not_connected',
    message: 'The client was stopped before it was connected.',
  })
}

/** The error for something that is no claude-agent-server. */
export function notAServer(endpoint: Endpoint, what: string, cause?: unknown): AgentServerError {
  return new AgentServerError({
    code: 'not_a_server',
    message: `${endpoint.address} ${what}: that is not a claude-agent-server.`,
    hint: NOT_A_SERVER,
    cause,
  })
}

/** The error that an HTTP answer stands for: the server's own, or what a proxy or a stranger may have meant. */
export function answerFailure(endpoint: Endpoint, asked: string, answer: HttpAnswer): AgentServerError {
  const own = parseErrorBody(parseJson(answer.text))
  if (own !== undefined) return inClientTerms(own)
  const type = answer.contentType.split(';')[0] || 'no content type'
  const what = `answered ${asked} with HTTP ${answer.status} (${type})`
  if (answer.status === 401) {
    return new AgentServerError({
      code: 'unauthorized',
      message: `${endpoint.address} ${what}.`,
      hint: 'Something before the server asks for credentials; its answer is not the server’s own.',
    })
  }
  if (answer.status === 413) {
    return new AgentServerError({ code: 'body_too_large', message: `${endpoint.address} ${what}.` })
  }
  if (answer.status === 429 || answer.status >= 500) {
    return new AgentServerError({
      code: 'connect_failed',
      message: `${endpoint.address} ${what}.`,
      hint: 'A proxy answered in place of the server, which may be starting or gone.',
    })
  }
  return notAServer(endpoint, what)
}

/** The error for a socket that ended. A frame that announced the end explains it best. */
export function closureFailure(
  endpoint: Endpoint,
  closure: Closure,
  announced?: AgentServerError,
): AgentServerError {
  if (closure.answer !== undefined) return answerFailure(endpoint, 'the WebSocket', closure.answer)
  const code = (Object.keys(ERRORS) as ErrorCode[]).find((key) => closeCodeOf(key) === closure.code)
  if (announced !== undefined && [closeCodeOf(announced.code), 1008, 1011].includes(closure.code)) {
    return inClientTerms(announced)
  }
  if (code === 'auth_timeout' && endpoint.token === undefined) return tokenMissing(endpoint)
  if (code !== undefined) {
    return new AgentServerError({
      code,
      message: `${endpoint.address}: ${closure.reason || ERRORS[code].summary}`,
    })
  }
  if (closure.cause !== undefined) return unreachable(endpoint, closure.cause)
  const reason = closure.reason === '' ? '' : `, ‘${closure.reason}’`
  return new AgentServerError({
    code: 'connect_failed',
    message: `The connection to ${endpoint.address} was lost (close code ${closure.code}${reason}).`,
  })
}

/** The error for an `error` frame that comes in place of acceptance. */
export function refusal(endpoint: Endpoint, frame: object): AgentServerError {
  const own = parseErrorBody(frame)
  if (own?.code === 'auth_timeout' && endpoint.token === undefined) return tokenMissing(endpoint)
  if (own !== undefined) return inClientTerms(own)
  const reason = 'error' in frame && typeof frame.error === 'string' ? frame.error : 'no reason given'
  return new AgentServerError({
    code: 'connect_failed',
    message: `${endpoint.address} refused the connection: ${reason}`,
  })
}

/** The error for a server that wants a token from a client that has none. */
export function tokenMissing(endpoint: Endpoint): AgentServerError {
  return new AgentServerError({
    code: 'unauthorized',
    message: `${endpoint.address} asks for a token and none was given.`,
    hint: PASS_TOKEN,
  })
}

/** The server's hint about the token speaks of headers and frames; to a user of this client it is an option. */
function inClientTerms(error: AgentServerError): AgentServerError {
  if (error.code !== 'unauthorized') return error
  return new AgentServerError({ code: 'unauthorized', message: error.message, hint: PASS_TOKEN })
}

/** The JSON value, or undefined when the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The close code that announces an error, if one does. */
function closeCodeOf(code: ErrorCode): number | undefined {
  const kind = ERRORS[code]
  return 'close' in kind ? kind.close : undefined
}

/** What a failed connection says for itself, from the innermost cause: fetch wraps it. */
function describeCause(cause: unknown): { text: string; code: string } {
  let error = cause
  while (error instanceof Error && error.cause !== undefined) error = error.cause
  if (error instanceof AggregateError && error.errors[0] !== undefined) error = error.errors[0]
  if (!(error instanceof Error)) return { text: String(error), code: '' }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const text = (error.message === '' ? code || error.name : error.message).replace(/[.?!]$/, '')
  return { text: code === '' || text.includes(code) ? text : `${text} (${code})`, code }
}
