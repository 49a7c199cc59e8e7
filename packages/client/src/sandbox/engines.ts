import { AgentServerError } from '@claude-agent/protocol'
import type { SandboxProvider } from '@claude-agent/sandbox'
import type { EngineName } from '../types.ts'

/** Opens an engine, whose code is loaded only now: of the others nothing need be installed. */
export async function openEngine(
  name: EngineName,
  { e2bApiKey }: { e2bApiKey?: string },
): Promise<SandboxProvider> {
  try {
    if (name === 'local') return (await import('@claude-agent/sandbox/local')).local()
    if (name === 'docker') return (await import('@claude-agent/sandbox/docker')).docker()
    const { e2b } = await import('@claude-agent/sandbox/e2b')
    return e2b(e2bApiKey === undefined ? {} : { apiKey: e2bApiKey })
  } catch (cause) {
    if (!isMissing(cause)) throw cause
    throw new AgentServerError({
      code: 'not_supported',
      message: `The engine '${name}' needs a package that is not installed: ${cause.message}`,
      hint: name === 'e2b' ? 'npm install e2b' : undefined,
      cause,
    })
  }
}

/** Whether an import failed because there is no such package. */
function isMissing(cause: unknown): cause is Error {
  return cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND'
}
