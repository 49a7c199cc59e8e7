import type { ClientIdentity } from '../serving/types.ts'
import { randomUuid } from '../uuid.ts'

/**
 * Who serves the agent of a session for its queries: the same again for whoever has the token, so that a program that has
 * crashed takes its own place when it resumes. A page that was not loaded over https cannot tell, and is somebody new.
 */
export async function identifyQuery(sessionId: string, token: string | undefined): Promise<ClientIdentity> {
  const subtle = (crypto as Partial<Crypto>).subtle
  if (subtle === undefined) return { id: `query-${randomUuid()}`, secret: randomUuid() }
  const text = new TextEncoder().encode(`claude-agent query()\n${sessionId}\n${token ?? ''}`)
  const bytes = new Uint8Array(await subtle.digest('SHA-256', text))
  return { id: 'query', secret: Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('') }
}
