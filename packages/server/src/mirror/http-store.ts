import { AgentServerError } from '@claude-agent/protocol'
import type { MirrorStore } from './mirror-store.ts'

/** How long the store may take for one file. */
const PUT_MS = 60_000

/**
 * A store that takes files by `PUT <url>/<name>`, with a bearer token where there is one.
 * @throws AgentServerError `invalid_setting`
 */
export function createHttpStore(url: string, token: string | undefined): MirrorStore {
  // The error of a request would repeat it.
  if (token !== undefined && /[^\x21-\x7e]/.test(token))
    throw new AgentServerError({
      code: 'invalid_setting',
      message: 'CLAUDE_AGENT_MIRROR_TOKEN has characters that no header can carry.',
      hint: 'Give it without spaces and line breaks.',
    })
  const base = url.replace(/\/+$/, '')
  return {
    async put(name, bytes, signal) {
      const response = await fetch(`${base}/${name.split('/').map(encodeURIComponent).join('/')}`, {
        method: 'PUT',
        body: new Uint8Array(bytes),
        headers: {
          'content-type': 'application/octet-stream',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        // It would carry the token to another host.
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(PUT_MS)]),
      })
      await response.body?.cancel()
      // What it answers may be anything, and is told to nobody.
      if (!response.ok) throw new TypeError(`the store answered ${response.status}`)
    },
  }
}
