import type { Options } from '@anthropic-ai/claude-agent-sdk'
import { AgentServerError, type QueryConfig } from '@claude-agent/protocol'
import type { Broker, Grant } from './broker/broker.ts'
import { completeAgents } from '../policy/agents.ts'
import { splitSettings } from '../policy/split-settings.ts'
import type { AgentUser } from './agent-user.ts'
import { Agent, requireFolder, type AgentStart } from './agent.ts'
import { AgentProcess } from './agent-process.ts'
import { askingOptions, type Asking, type AskKinds } from './asking.ts'
import type { Callbacks } from './callbacks/callbacks.ts'
import { clientHooks, mergeHooks } from './callbacks/client-hooks.ts'
import { withClientServers } from './callbacks/mcp-proxy.ts'
import { readLaunch, unanswered } from './launch.ts'
import { apiKeyAccess, type ModelAccess } from './model-access.ts'
import type { Supervision } from './supervision/supervision.ts'
import { replaceRecorded } from './system-prompt.ts'
import type { TranscriptHome } from './transcript-home.ts'
import { removeTranscript, Transcript } from './transcript.ts'

/** What all agents of a server have in common. */
export interface AgentHostOptions {
  broker: Broker
  /** The access that the server's own environment gives. */
  access: ModelAccess
  environment: Record<string, string>
  workspace: string
  defaults: Pick<Options, 'permissionMode' | 'settingSources'>
  /** Keeps the processes of this server's agents together. */
  supervision: Supervision
  /** The user that agents run as. @default the server's own */
  user?: AgentUser | undefined
}

/** Whom an agent works for. A spare has a stand-in until it is given to a session. */
export interface AgentOwner extends Pick<AgentStart, 'onMessage' | 'onStderr' | 'room'>, Asking {
  config(): QueryConfig
}

/** What an agent is wanted for. */
export interface AgentRequest {
  owner: AgentOwner
  /** What somebody can answer of what it asks. */
  asks: AskKinds
  /** What clients serve to it. */
  callbacks?: Callbacks
  sdkSessionId: string
  /** There is a conversation to go on with. */
  resumes: boolean
  /** The conversation began with another system prompt. */
  replacesPrompt: boolean
  /** A turn goes on that waited for an answer. */
  goesOn?: boolean
  /** What the model is to be told with a prompt; absent when there is nothing. */
  notice?: (() => string | undefined) | undefined
  signal: AbortSignal
}

/** An agent that a client drives itself, line by line, in place of the SDK here. */
export interface DrivenAgentRequest extends Pick<AgentRequest, 'sdkSessionId' | 'resumes' | 'signal'> {
  config: () => QueryConfig
  /** The client answers permission prompts. */
  asks: boolean
  /** The client may have it bypass permissions later. */
  mayBypass: boolean
  /** What the config does not say is as the server's own defaults say, not as the SDK's. */
  hasDefaults: boolean
}

/** What `prepare()` gives: all that a process needs. */
export interface PreparedAgent {
  /** The fields of the first line, as the SDK here would send it. */
  initialize: Record<string, unknown>
  /** Starts the process, once. */
  start(onStderr: (text: string) => void): AgentProcess
  /** It is not started after all. */
  drop(): void
}

/** Starts agents: puts together their options and environment, and gives each a grant of the broker. */
export class AgentHost {
  readonly #options: AgentHostOptions

  constructor(options: AgentHostOptions) {
    this.#options = options
  }

  /** How an agent with this configuration reaches a model: its own key wins, unless all keys are the clients'. */
  access(config: QueryConfig): ModelAccess {
    const { access } = this.#options
    if (!config.anthropicApiKey || access.kind === 'client') return access
    return apiKeyAccess(config.anthropicApiKey, 'anthropicApiKey')
  }

  /** @throws AgentServerError `option_refused` for a key where all keys are the clients' */
  requireUsable(config: QueryConfig): void {
    if (this.#options.access.kind !== 'client' || !config.anthropicApiKey) return
    throw new AgentServerError({
      code: 'option_refused',
      message:
        "'anthropicApiKey' may not be set: this server has clients speak to the model, with their own key.",
      hint: 'Leave it out and call serveModel() of @claude-agent/client with it, or start the server without CLAUDE_AGENT_BROKER=client.',
    })
  }

  /** What an agent would be started with, without secrets that can change while it lives. Equal means: no new process. */
  describe(config: QueryConfig, asks: AskKinds): unknown {
    const { anthropicApiKey: _, ...options } = config
    const access = this.access(config)
    return { options, asks: [...asks], access: access.kind === 'cloud' ? access : brokered(access) }
  }

  /** Where agents with this configuration have their transcripts. */
  home(config: QueryConfig): TranscriptHome {
    const { environment, workspace, user } = this.#options
    return { env: { ...environment, ...config.env }, workspace, user }
  }

  /** What the CLI has written of a conversation. */
  async readTranscript(sdkSessionId: string, config: QueryConfig): Promise<Transcript | undefined> {
    const { environment, user } = this.#options
    return await Transcript.read(sdkSessionId, { ...environment, ...config.env }, user)
  }

  async removeTranscript(sdkSessionId: string, config: QueryConfig): Promise<void> {
    const { environment, user } = this.#options
    await removeTranscript(sdkSessionId, { ...environment, ...config.env }, user)
  }

  /** Starts an agent on a conversation of the SDK. @throws AgentServerError `agent_start_failed` */
  async start(request: AgentRequest): Promise<Agent> {
    const { owner, asks, callbacks, resumes, sdkSessionId } = request
    const { anthropicApiKey: _, env, supportedDialogKinds, ...query } = owner.config()
    const { environment: access, grant } = this.#admit(() => owner.config())
    const bypasses = (query.permissionMode ?? this.#options.defaults.permissionMode) === 'bypassPermissions'
    const { open, secret } = splitSettings(typeof query.settings === 'object' ? query.settings : {})
    const pin = pinned(access)
    const asking = asks.size === 0 ? {} : askingOptions(owner, asks, request.notice, request.goesOn === true)
    const served =
      callbacks === undefined || callbacks.clients.length === 0
        ? {}
        : {
            hooks: mergeHooks(asking.hooks, clientHooks(callbacks)),
            mcpServers: withClientServers(callbacks, query.mcpServers),
          }
    try {
      const agent = await Agent.start({
        onMessage: (message) => owner.onMessage(message),
        onStderr: (text) => owner.onStderr(text),
        room: () => owner.room(),
        signal: request.signal,
        secretSettings: { ...secret, ...('env' in secret ? { env: { ...secret['env']!, ...pin.env } } : {}) },
        scope: this.#options.supervision.open(),
        options: {
          ...this.#options.defaults,
          ...query,
          ...(query.agents === undefined ? {} : { agents: completeAgents(query.agents) }),
          ...(resumes && request.replacesPrompt ? { systemPrompt: replaceRecorded(query.systemPrompt) } : {}),
          ...asking,
          ...served,
          ...(asks.has('dialog') && supportedDialogKinds !== undefined ? { supportedDialogKinds } : {}),
          settings: { ...open, ...pin },
          cwd: this.#options.workspace,
          env: { ...this.#options.environment, ...env, ...access },
          mcpServersDelivery: 'initialize',
          ...(bypasses ? { allowDangerouslySkipPermissions: true } : {}),
          ...(resumes ? { resume: sdkSessionId } : { sessionId: sdkSessionId }),
        },
      })
      void agent.ended.then(() => grant?.revoke())
      return agent
    } catch (error) {
      grant?.revoke()
      throw error
    }
  }

  /**
   * What an agent is started with that a client drives itself: see `stdio/`. Its settings and MCP servers go with its
   * first line. @throws AgentServerError `agent_start_failed`
   */
  async prepare(request: DrivenAgentRequest): Promise<PreparedAgent> {
    const { config, asks, mayBypass, hasDefaults, sdkSessionId, resumes, signal } = request
    const { anthropicApiKey: _, env, supportedDialogKinds: __, ...query } = config()
    const { environment: access, grant } = this.#admit(config)
    const defaults = hasDefaults ? this.#options.defaults : {}
    const bypasses = (query.permissionMode ?? defaults.permissionMode) === 'bypassPermissions'
    const settings = typeof query.settings === 'object' ? query.settings : {}
    const pin = pinned(access)
    try {
      await requireFolder(this.#options.workspace)
      const launch = await readLaunch({
        ...defaults,
        ...query,
        ...(query.agents === undefined ? {} : { agents: completeAgents(query.agents) }),
        settings: { ...settings, ...(pin.env === undefined ? {} : { env: { ...settings.env, ...pin.env } }) },
        cwd: this.#options.workspace,
        env: { ...this.#options.environment, ...env, ...access },
        ...(mayBypass || bypasses ? { allowDangerouslySkipPermissions: true } : {}),
        ...(asks ? { canUseTool: unanswered } : {}),
        ...(resumes ? { resume: sdkSessionId } : { sessionId: sdkSessionId }),
      })
      const scope = this.#options.supervision.open()
      return {
        initialize: launch.initialize,
        start: (onStderr) => {
          const child = new AgentProcess({ ...launch.spawn, signal }, scope, onStderr)
          void child.exited.then(() => grant?.revoke())
          return child
        },
        drop: () => grant?.revoke(),
      }
    } catch (error) {
      grant?.revoke()
      throw error
    }
  }

  /** The variables by which an agent reaches the model, and the grant behind them. */
  #admit(config: () => QueryConfig): { environment: Record<string, string>; grant: Grant | undefined } {
    const access = this.access(config())
    if (access.kind === 'cloud') return { environment: access.environment, grant: undefined }
    const grant = this.#options.broker.grant(() => {
      const current = this.access(config())
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
