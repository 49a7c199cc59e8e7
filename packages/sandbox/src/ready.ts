import { setTimeout as delay } from 'node:timers/promises'
import { SandboxError } from './errors.ts'
import { ask } from './http.ts'
import type { SandboxEndpoint } from './provider.ts'

/** Between two tries. */
const PAUSE_MS = 20
/** What the server says of itself that its creator must know. */
export interface Health {
  status: string
  /** It waits for its token. */
  sealed: boolean
  /** Why it did not take the token that it was given. */
  error?: string
}

export interface HealthOptions {
  /** Milliseconds until the answer has to be there. @default 2_000 */
  timeoutMs?: number
  signal?: AbortSignal | undefined
}

/** What a server says of itself; undefined when none answers, or something else does. Rejects only when aborted. */
export async function readHealth(
  endpoint: SandboxEndpoint,
  { timeoutMs = 2_000, signal }: HealthOptions = {},
): Promise<Health | undefined> {
  try {
    const { status, body } = await ask(endpoint, { path: '/health', timeoutMs, signal })
    if (status !== 200 || typeof body['status'] !== 'string') return undefined
    const error = body['error']
    return {
      status: body['status'],
      sealed: body['sealed'] === true,
      ...(typeof error === 'string' ? { error } : {}),
    }
  } catch {
    if (signal?.aborted) throw aborted(signal)
    return undefined
  }
}

export interface ReadyOptions {
  /** Milliseconds for the whole wait. @default 60_000 */
  timeoutMs?: number
  /** Milliseconds for one try. @default 2_000 */
  tryTimeoutMs?: number
  signal?: AbortSignal | undefined
  /** Called before each try; what it throws ends the wait. For who knows that there is no hope left. */
  check?: () => unknown
  /** What is enough: any answer of a server (`sealed`), or one that has its token. @default 'unsealed' */
  until?: 'sealed' | 'unsealed'
}

/**
 * Waits until a server may be spoken to. The endpoint may be a function, where it can change meanwhile.
 * @throws SandboxError `start_timeout`, `start_failed` when it refuses the token that it was given, `aborted`
 */
export async function waitUntilReady(
  endpoint: SandboxEndpoint | (() => SandboxEndpoint | Promise<SandboxEndpoint>),
  options: ReadyOptions = {},
): Promise<Health> {
  const { timeoutMs = 60_000, tryTimeoutMs = 2_000, signal, check, until = 'unsealed' } = options
  const end = Date.now() + timeoutMs
  // The last try may be cut short by the end.
  let last: Health | undefined
  for (;;) {
    if (signal?.aborted) throw aborted(signal)
    await check?.()
    const place = typeof endpoint === 'function' ? await endpoint() : endpoint
    const left = end - Date.now()
    const health = await readHealth(place, { timeoutMs: Math.max(1, Math.min(tryTimeoutMs, left)), signal })
    last = health ?? last
    if (health !== undefined && (until === 'sealed' || !health.sealed)) return health
    if (health?.error !== undefined) {
      throw new SandboxError({
        code: 'start_failed',
        message: `The server does not take what it was given: ${health.error}`,
        hint: 'Look at the variables in `envs`; docs/configuration.md of the server has all of them.',
      })
    }
    if (Date.now() > end) {
      throw new SandboxError({
        code: 'start_timeout',
        message: `The server ${last === undefined ? 'did not answer' : 'was still sealed'} after ${timeoutMs} ms.`,
        hint: 'Try again; where it stays so, look at what the server printed in its sandbox.',
      })
    }
    await delay(PAUSE_MS, undefined, signal === undefined ? {} : { signal }).catch(() => {})
  }
}

/** The error of a wait that the caller ended. */
export function aborted(signal: AbortSignal): SandboxError {
  return new SandboxError({
    code: 'aborted',
    message: 'The caller ended the wait.',
    hint: 'Nothing is left of a sandbox whose creation was ended; create it again.',
    cause: signal.reason,
  })
}
