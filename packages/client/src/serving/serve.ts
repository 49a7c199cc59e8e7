import type { SessionLine } from '../session/session-line.ts'
import { randomUuid } from '../uuid.ts'
import { ServedClient } from './served-client.ts'
import type { ClientIdentity, ServeOptions, Serving } from './types.ts'

/** Serves hooks and MCP servers to the agent of a session; resolves once the server has registered them. */
export async function serve(line: SessionLine, name: string, options: ServeOptions): Promise<Serving> {
  options.signal?.throwIfAborted()
  const client = options.client ?? drawIdentity(name)
  const served = new ServedClient(line, client, options)
  const onAbort = (): void => void served.close()
  options.signal?.addEventListener('abort', onAbort, { once: true })
  void served.ended.then(() => options.signal?.removeEventListener('abort', onAbort))
  try {
    await served.start()
  } catch (error) {
    options.signal?.throwIfAborted()
    throw error
  }
  return served
}

/** A client of its own, so that one process can serve several times. */
function drawIdentity(name: string): ClientIdentity {
  const secret = Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
  return { id: `${name.slice(0, 80)}-${randomUuid().slice(0, 8)}`, secret }
}
