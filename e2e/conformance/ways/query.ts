import { createSdkMcpServer, tool } from '@anthropic-ai/claude-agent-sdk'
import { AbortError, query } from '@claude-agent/client'
import { openPlace } from './server.ts'
import type { Way } from './way.ts'

/** The `query()` of our client, and a server. */
export function ownQuery({ isCut = false } = {}): Way {
  return {
    name: 'query',
    isCut,
    async open(model) {
      const { url, token, server, close } = await openPlace(model, isCut)
      return {
        ground: async () => ({
          tool,
          createSdkMcpServer,
          AbortError,
          workspace: server.workspace,
          query: ({ prompt, options }) => query({ prompt, options: { ...options, remote: { url, token } } }),
        }),
        close,
      }
    },
  }
}
