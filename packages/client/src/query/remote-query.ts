import type { Query, SDKControlInterruptResponse, SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import {
  AgentServerError,
  type CallArguments,
  type CallMethod,
  type CallResult,
} from '@claude-agent/protocol'
import { isUnreached, persist } from '../patience.ts'
import { QUERY_METHODS } from './methods.ts'
import { isHere } from './plan.ts'
import { Run, type RunParts } from './run.ts'

/** The SDK's `Query`, of an agent on a server. */
export class RemoteQuery implements Query {
  readonly #run: Run
  readonly #messages: AsyncGenerator<SDKMessage, void>

  constructor(parts: RunParts) {
    this.#run = new Run(parts)
    this.#messages = this.#run.messages()
  }

  next(): Promise<IteratorResult<SDKMessage, void>> {
    return this.#messages.next()
  }

  async return(): Promise<IteratorResult<SDKMessage, void>> {
    await this.#run.end()
    return await this.#messages.return()
  }

  async throw(error: unknown): Promise<IteratorResult<SDKMessage, void>> {
    await this.return()
    throw error
  }

  [Symbol.asyncIterator](): AsyncGenerator<SDKMessage, void> {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  close(): void {
    void this.#run.end()
  }

  async interrupt(): Promise<SDKControlInterruptResponse | undefined> {
    const { prompts, signal } = this.#run
    const session = await this.#run.session()
    const { first } = prompts
    const mayRetry = (error: AgentServerError): boolean => isUnreached(error) && prompts.first === first
    await persist(() => session.interrupt({ signal }), { signal, mayRetry })
    return { still_queued: prompts.waiting }
  }

  streamInput(...[stream]: Parameters<Query['streamInput']>): Promise<void> {
    return this.#run.say(stream)
  }

  reinitialize(): ReturnType<Query['reinitialize']> {
    const message = `'reinitialize' has no place over the network. ${QUERY_METHODS.reinitialize.why}`
    return Promise.reject(
      new AgentServerError({ code: 'call_refused', message, hint: 'Call initializationResult().' }),
    )
  }

  async setMcpServers(...[servers]: Parameters<Query['setMcpServers']>): ReturnType<Query['setMcpServers']> {
    await this.#run.serve(servers)
    const distant = Object.entries(servers).filter(([, server]) => !isHere(server))
    return await this.#call('setMcpServers', Object.fromEntries(distant))
  }

  accountInfo = this.#caller('accountInfo')
  applyFlagSettings = this.#caller('applyFlagSettings')
  backgroundTasks = this.#caller('backgroundTasks')
  getContextUsage = this.#caller('getContextUsage')
  initializationResult = this.#caller('initializationResult')
  mcpServerStatus = this.#caller('mcpServerStatus')
  readFile = this.#caller('readFile')
  readMcpResource = this.#caller('readMcpResource')
  reconnectMcpServer = this.#caller('reconnectMcpServer')
  reloadOutputStyles = this.#caller('reloadOutputStyles')
  reloadPlugins = this.#caller('reloadPlugins')
  reloadSkills = this.#caller('reloadSkills')
  rewindFiles = this.#caller('rewindFiles')
  seedReadState = this.#caller('seedReadState')
  setMaxThinkingTokens = this.#caller('setMaxThinkingTokens')
  setMcpPermissionModeOverride = this.#caller('setMcpPermissionModeOverride')
  setModel = this.#caller('setModel')
  setPermissionMode = this.#caller('setPermissionMode')
  stopTask = this.#caller('stopTask')
  supportedAgents = this.#caller('supportedAgents')
  supportedCommands = this.#caller('supportedCommands')
  supportedModels = this.#caller('supportedModels')
  toggleMcpServer = this.#caller('toggleMcpServer')
  updateSettings = this.#caller('updateSettings')
  usage_EXPERIMENTAL_MAY_CHANGE_DO_NOT_RELY_ON_THIS_API_YET = this.#caller(
    'usage_EXPERIMENTAL_MAY_CHANGE_DO_NOT_RELY_ON_THIS_API_YET',
  )

  /** A method that the server calls on the agent. */
  #caller<M extends CallMethod>(method: M): (...args: CallArguments<M>) => Promise<CallResult<M>> {
    return (...args) => this.#call(method, ...args)
  }

  /** What all of them do is the same when it is done twice, so that one whose answer was lost is called again. */
  async #call<M extends CallMethod>(method: M, ...args: CallArguments<M>): Promise<CallResult<M>> {
    const { signal } = this.#run
    const session = await this.#run.session()
    return await persist(() => session.call(method, ...args), { signal, mayRetry: isUnreached })
  }
}
