import { SandboxError, type SandboxErrorCode } from '../errors.ts'

/** What was being done when E2B refused. */
export type E2bCall = 'create' | 'connect' | 'use'

/** Says in this package's codes what the SDK threw. By name, not by class: it may have been loaded more than once. */
export function translateE2bError(error: unknown, call: E2bCall): SandboxError {
  if (error instanceof SandboxError) return error
  const name = error instanceof Error ? error.name : ''
  const said = error instanceof Error ? error.message : String(error)
  const status = statusOf(error, said)
  const give = (code: SandboxErrorCode, message: string, hint: string): SandboxError =>
    new SandboxError({ code, message: `${message}: ${said}`, hint, cause: error })
  if (/look(ing)? ?up user|invalid username/i.test(said)) {
    return give(
      'start_failed',
      'The template has no claude-agent-server',
      'Build one with `npm run build:e2b`.',
    )
  }
  if (name === 'AuthenticationError' || status === 401 || status === 403) {
    return give(
      'unauthorized',
      'E2B does not take the API key',
      'Check apiKey or E2B_API_KEY, and that domain or apiUrl belong to it.',
    )
  }
  if (name === 'RateLimitError' || status === 429) {
    return give(
      'quota_exceeded',
      'E2B gives no more',
      'Kill sandboxes that are not needed (list() finds them), or ask E2B for a higher limit.',
    )
  }
  if (name === 'ServiceBusyError' || status === 503) {
    return give('quota_exceeded', 'E2B has no room now', 'Try again in a while.')
  }
  if (status === 400 && /timeout/i.test(said)) {
    return give(
      'quota_exceeded',
      'E2B does not let a sandbox live that long',
      'Give a smaller timeoutMs and extend() it.',
    )
  }
  if (call === 'create' && status === 404 && /template/i.test(said)) {
    return give(
      'template_not_found',
      'E2B has no such template',
      'Build it with `npm run build:e2b`, or name another in `template`.',
    )
  }
  if ((status === 404 || status === 405) && isUnknownAddress(said)) {
    return give(
      'not_supported',
      'The server does not know this call',
      'e2b 2.51 and later create by /v2/sandboxes, earlier ones by /sandboxes: install the one that your server speaks, e.g. `npm install e2b@2.50`.',
    )
  }
  if (status === 404 || name.endsWith('NotFoundError') || isGone(name, said)) {
    return give(
      'sandbox_not_found',
      'The sandbox is gone',
      'It was killed or its time was over. Create another.',
    )
  }
  if (isUnreachable(error, name) || (status !== undefined && status >= 500)) {
    return give(
      'engine_unreachable',
      'E2B does not answer',
      'Check the network, and domain, apiUrl and sandboxUrl.',
    )
  }
  return give('start_failed', 'E2B could not do it', 'The cause has what E2B said.')
}

/** The status of the answer: a field since 2.51, the beginning of the message before. */
function statusOf(error: unknown, said: string): number | undefined {
  const given = (error as { statusCode?: unknown } | undefined)?.statusCode
  if (typeof given === 'number') return given
  const found = /^(\d{3}):/.exec(said)?.[1]
  return found === undefined ? undefined : Number(found)
}

function isUnknownAddress(said: string): boolean {
  return /page not found|no matching operation|method not allowed|unknown (path|route)|cannot (post|get)/i.test(
    said,
  )
}

/** envd of a sandbox that is no more: the proxy answers 502, which the SDK calls a timeout of the sandbox. */
function isGone(name: string, said: string): boolean {
  return name === 'TimeoutError' && /sandbox timeout|end of life/.test(said)
}

/** The request got no answer at all: by `fetch`, or by the SDK's own limit of time. */
function isUnreachable(error: unknown, name: string): boolean {
  const isFetch = error instanceof TypeError && /fetch failed|unable to connect|network/i.test(error.message)
  const code = (error as { code?: unknown } | undefined)?.code
  const isSystem = typeof code === 'string' && /^(E[A-Z]+|UND_ERR_.*|ConnectionRefused)$/.test(code)
  return isFetch || isSystem || name === 'TimeoutError' || name === 'AbortError'
}
