import type * as Sdk from '@anthropic-ai/claude-agent-sdk'
import { remoteProcess } from '@claude-agent/client/spawn'
import { openPlace } from './server.ts'
import type { Way } from './way.ts'

/** The SDK to run with: the one that is installed, or that of a folder. */
const SDK = process.env['CONFORMANCE_SDK'] ?? '@anthropic-ai/claude-agent-sdk'

/** The SDK as it is, with the process of the agent on a server. */
export function overRemoteProcess({ isCut = false } = {}): Way {
  return {
    name: 'remoteProcess',
    isCut,
    async open(model) {
      const { url, token, server, close } = await openPlace(model, isCut)
      const { query, tool, createSdkMcpServer, AbortError } = (await import(SDK)) as typeof Sdk
      return {
        ground: async () => ({
          tool,
          createSdkMcpServer,
          AbortError,
          workspace: server.workspace,
          query: ({ prompt, options }) => {
            const { env, stderr } = options ?? {}
            const variables = env as Record<string, string> | undefined
            const spawnClaudeCodeProcess = remoteProcess({
              url,
              token,
              ...(variables === undefined ? {} : { env: variables }),
              ...(stderr === undefined ? {} : { stderr }),
            })
            // An SDK that was installed without its own Claude Code looks for one all the same.
            const pathToClaudeCodeExecutable = 'claude'
            return query({
              prompt,
              options: { pathToClaudeCodeExecutable, ...options, spawnClaudeCodeProcess },
            })
          },
        }),
        close,
      }
    },
  }
}
