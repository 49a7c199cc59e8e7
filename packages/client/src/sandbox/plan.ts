import { AgentServerError } from '@claude-agent/protocol'
import type { SandboxProvider } from '@claude-agent/sandbox'
import { openEngine } from '#sandbox'
import { DEFAULT_START_TIMEOUT_MS, DEFAULT_TIMEOUT_MS } from '../const.ts'
import { readVariable } from '../environment.ts'
import { modelAccess } from '../model-access.ts'
import type { ClientOptions, EngineName } from '../types.ts'
import { fromEngine } from './failure.ts'
import type { KeeperPlan } from './keeper.ts'

const ENGINES: readonly string[] = ['e2b', 'docker', 'local'] satisfies EngineName[]

/** Whether a value of `sandbox` says who runs the sandbox; the SDK's option of that name says how commands are confined. */
export function isEngine(value: ClientOptions['sandbox']): value is EngineName | SandboxProvider {
  return typeof value === 'string' || (typeof value === 'object' && 'create' in value && 'connect' in value)
}

/** What the options say about the sandbox. Wrong ones are told when the engine is opened. */
export function planSandbox(options: ClientOptions): Omit<KeeperPlan, 'onDoubt' | 'log'> {
  const { template, onTimeout, metadata, resources, network } = options
  return {
    engine: () => chooseEngine(options),
    create: {
      envs: planVariables(options),
      ...(template === undefined ? {} : { template }),
      ...(onTimeout === undefined ? {} : { onTimeout }),
      ...(metadata === undefined ? {} : { metadata }),
      ...(resources === undefined ? {} : { resources }),
      ...(network === undefined ? {} : { network }),
    },
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    resume: options.resume,
    keepAlive: options.keepAlive ?? true,
    startTimeoutMs: options.startTimeoutMs ?? DEFAULT_START_TIMEOUT_MS,
    onProgress: options.onProgress,
  }
}

/** Refuses what is for a sandbox beside the address of a server that runs. */
export function refuseSandboxOptions({ sandbox, resume, envs, connectionUrl }: ClientOptions): void {
  const name = isEngine(sandbox) ? 'sandbox' : resume !== undefined ? 'resume' : envs && 'envs'
  if (name === undefined) return
  throw new AgentServerError({
    code: 'invalid_setting',
    message: `Both connectionUrl and ${name} were given.`,
    hint: `Leave out connectionUrl to get a sandbox, or ${name} to use the server that runs${connectionUrl === '' ? '' : ' there'}.`,
  })
}

/** The environment of the server: what was given, and the access to the model where the server is to have it. */
function planVariables(options: ClientOptions): Record<string, string> {
  const { envs } = options
  if (options.broker === 'client') return { ...envs, CLAUDE_AGENT_BROKER: 'client' }
  const { apiKey, baseUrl } = modelAccess(options)
  return {
    ...(baseUrl === undefined ? {} : { ANTHROPIC_BASE_URL: baseUrl }),
    ...(apiKey === undefined ? {} : { ANTHROPIC_API_KEY: apiKey }),
    ...envs,
  }
}

/** The engine: the provider itself, the one that is named, the one whose sandbox is come back to, or E2B. */
async function chooseEngine({ sandbox, resume, e2bApiKey }: ClientOptions): Promise<SandboxProvider> {
  const wanted = isEngine(sandbox) ? sandbox : resume?.split(':')[0]
  if (typeof wanted === 'object') return wanted
  const name = wanted ?? 'e2b'
  if (!isEngineName(name)) {
    throw new AgentServerError({
      code: 'invalid_setting',
      message: `There is no engine '${name}'.`,
      hint: `The engines are ${ENGINES.join(', ')}; for another one pass its provider as \`sandbox\`.`,
    })
  }
  const key = e2bApiKey ?? readVariable('E2B_API_KEY')
  if (name !== 'e2b') return await fromEngine(openEngine(name, {}))
  if (key !== undefined && key !== '') return await fromEngine(openEngine(name, { e2bApiKey: key }))
  throw new AgentServerError({
    code: 'invalid_setting',
    message:
      wanted === undefined
        ? 'Neither connectionUrl nor sandbox nor an E2B API key was given.'
        : 'The engine ‘e2b’ needs an API key, and none was given.',
    hint: 'e2bApiKey, or E2B_API_KEY in the environment, is for E2B; sandbox: ‘docker’ or ‘local’ for this machine; connectionUrl: ‘http://localhost:3000’ for a server that runs.',
  })
}

function isEngineName(name: string): name is EngineName {
  return ENGINES.includes(name)
}
