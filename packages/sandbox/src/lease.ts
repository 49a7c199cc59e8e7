import { SandboxError } from './errors.ts'
import { ask, type HttpAnswer } from './http.ts'
import type { SandboxEndpoint } from './provider.ts'

export interface LeaseRequest {
  endpoint: SandboxEndpoint
  token: string
  /** Milliseconds from now after which the server is to end itself. */
  timeoutMs: number
  signal?: AbortSignal | undefined
}

const ANSWER_MS = 10_000

/**
 * Lets a server live for so many milliseconds from now, for engines that have no timeout of their own.
 * @throws SandboxError `engine_unreachable` when it does not answer, `unauthorized`, `not_supported`, `aborted`
 */
export async function extendLease({ endpoint, token, timeoutMs, signal }: LeaseRequest): Promise<void> {
  const { status } = await ask(endpoint, {
    method: 'POST',
    path: '/lease',
    headers: { authorization: `Bearer ${token}` },
    json: { timeoutMs },
    timeoutMs: ANSWER_MS,
    signal,
  }).catch((cause: unknown): HttpAnswer => {
    throw new SandboxError({
      code: signal?.aborted ? 'aborted' : 'engine_unreachable',
      message: `The server of the sandbox does not answer: ${(cause as Error).message}`,
      hint: 'Come back to it with connect(), which starts a server that died.',
      cause,
    })
  })
  if (status >= 200 && status < 300) return
  if (status === 401) {
    throw new SandboxError({
      code: 'unauthorized',
      message: 'The server of the sandbox does not take the token: another one listens there now.',
      hint: 'Come back to the sandbox with connect(), which finds where it listens.',
    })
  }
  if (status === 400 || status === 422) {
    throw new SandboxError({
      code: 'not_supported',
      message: `The server does not take a lease of ${timeoutMs} ms.`,
      hint: 'Give a whole number of milliseconds from 1000 to 86400000. The server may be older than this package.',
    })
  }
  throw new SandboxError({
    code: status === 404 || status === 405 ? 'not_supported' : 'engine_unreachable',
    message: `The server of the sandbox answered ${status} to an extension of its lease.`,
    hint: 'Its claude-agent-server may be older than this package: build its image or template again.',
  })
}
