import type { Options } from '@anthropic-ai/claude-agent-sdk'
import type { QueryConfig } from '@claude-agent/protocol'
import type { Broker, Grant } from './broker/broker.ts'
import { completeAgents } from '../policy/agents.ts'
import { splitSettings } from '../policy/split-settings.ts'
import { Agent, type AgentStart } from './agent.ts'
import { apiKeyAccess, type ModelAccess } from './model-access.ts'
import { replaceRecorded } from './system-prompt.ts'
import { hasTranscript } from './transcript.ts'

/** What all agents of a server have in common. */
export interface AgentHostOptions {
  broker: Broker
  /** The access that the server's own environment gives. */
  access: ModelAccess
  environment: Record<string, string>
  workspace: string
  defaults: Pick<Options, 'permissionMode' | 'settingSources'>
  /** Marks every process of this server's agents. */
  mark: string
}

/** What a session wants of its agent. */
export interface AgentRequest extends Omit<AgentStart, 'options' | 'mark' | 'secretSettings'> {
  config: () => QueryConfig
  sdkSessionId: string
  /** The conversation began with another system prompt. */
  replacesPrompt: boolean
}

export interface StartedAgent {
  agent: Agent
  resumed: boolean
}

/** Starts agents: puts together their options and environment, and gives each a grant of the broker. */
export class AgentHost {
  readonly #options: AgentHostOptions
  #started = 0

  constructor(options: AgentHostOptions) {
    this.#options = options
  }

  /** How an agent with this configuration reaches a model: its own key wins. */
  access(config: QueryConfig): ModelAccess {
    return config.anthropicApiKey
      ? apiKeyAccess(config.anthropicApiKey, 'anthropicApiKey')
      : this.#options.access
  }

  /** What an agent would be started with, without secrets that can change while it lives. Equal means: no new process. */
  describe(config: QueryConfig): unknown {
    const { anthropicApiKey: _, ...options } = config
    const access = this.access(config)
    return { options, access: access.kind === 'cloud' ? access : brokered(access) }
  }

  /** Starts an agent on a session of the SDK: a new one, or the one that has a transcript already. */
  async start(request: AgentRequest): Promise<StartedAgent> {
    const { anthropicApiKey: _, env, ...query } = request.config()
    const { environment: access, grant } = this.#admit(request)
    const environment = { ...this.#options.environment, ...env, ...access }
    const resumed = await hasTranscript(request.sdkSessionId, environment)
    const bypasses = (query.permissionMode ?? this.#options.defaults.permissionMode) === 'bypassPermissions'
    const { open, secret } = splitSettings(typeof query.settings === 'object' ? query.settings : {})
    const pin = pinned(access)
    this.#started += 1
    try {
      const agent = await Agent.start({
        ...request,
        secretSettings: { ...secret, ...('env' in secret ? { env: { ...secret['env']!, ...pin.env } } : {}) },
        mark: `${this.#options.mark}/${this.#started}/`,
        options: {
          ...this.#options.defaults,
          ...query,
          ...(query.agents === undefined ? {} : { agents: completeAgents(query.agents) }),
          ...(resumed && request.replacesPrompt ? { systemPrompt: replaceRecorded(query.systemPrompt) } : {}),
          settings: { ...open, ...pin },
          cwd: this.#options.workspace,
          env: environment,
          mcpServersDelivery: 'initialize',
          ...(bypasses ? { allowDangerouslySkipPermissions: true } : {}),
          ...(resumed ? { resume: request.sdkSessionId } : { sessionId: request.sdkSessionId }),
        },
      })
      void agent.ended.then(() => grant?.revoke())
      return { agent, resumed }
    } catch (error) {
      grant?.revoke()
      throw error
    }
  }

  /** The variables by which an agent reaches the model, and the grant behind them. */
  #admit(request: AgentRequest): { environment: Record<string, string>; grant: Grant | undefined } {
    const access = this.access(request.config())
    if (access.kind === 'cloud') return { environment: access.environment, grant: undefined }
    const grant = this.#options.broker.grant(() => {
      const current = this.access(request.config())
      return current.kind === 'broker' ? current.credential : undefined
    })
    return {
      environment: { [brokered(access)]: grant.placeholder, ANTHROPIC_BASE_URL: this.#options.broker.url },
      grant,
    }
  }
}

/** The variable that holds the placeholder. An agent that is made ready before there is a key gets one too. */
function brokered(access: Exclude<ModelAccess, { kind: 'cloud' }>): string {
  return access.kind === 'broker' ? access.variable : 'ANTHROPIC_API_KEY'
}

/** Settings that hold the address of the model: a second lock beside the environment's. No secret: it is in argv. */
function pinned(access: Record<string, string>): { env?: Record<string, string> } {
  const baseUrl = access['ANTHROPIC_BASE_URL']
  return baseUrl === undefined ? {} : { env: { ANTHROPIC_BASE_URL: baseUrl } }
}
