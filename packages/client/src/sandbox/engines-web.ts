import { AgentServerError } from '@claude-agent/protocol'
import type { SandboxProvider } from '@claude-agent/sandbox'
import type { EngineName } from '../types.ts'

/** A page has no engine: its key would be everybody's. */
export function openEngine(name: EngineName, _options: { e2bApiKey?: string }): Promise<SandboxProvider> {
  const error = new AgentServerError({
    code: 'not_supported',
    message: `A sandbox of the engine '${name}' cannot be made from here.`,
    hint: 'Make it on a server of yours, and pass its connectionUrl and token to the page.',
  })
  return Promise.reject(error)
}
