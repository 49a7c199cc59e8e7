import { stat } from 'node:fs/promises'
import type { Options, Query, Settings, SDKMessage, SDKUserMessage } from '@anthropic-ai/claude-agent-sdk'
import { AgentServerError, type CallMethod } from '@claude-agent/protocol'
import { AgentProcess, type AgentExit } from './agent-process.ts'
import { withoutShadows } from './callbacks/mcp-proxy.ts'
import { Inbox } from './inbox.ts'
import type { Scope } from './supervision/scope.ts'

/** What an agent whose input has ended is given before it is stopped. */
const FINISH_MS = 1_500

/** What an agent is started with. */
export interface AgentStart {
  /** The SDK's options, environment included. */
  options: Options
  /** Settings that may not stand in a command line: they are given to the process once it listens. */
  secretSettings: Settings
  /** Every process of this agent is in it. */
  scope: Scope
  onMessage: (message: SDKMessage) => void
  /** Called before each further message is taken from the agent: while it is pending, the agent is held back. */
  room: () => Promise<void>
  onStderr: (text: string) => void
  /** Ends the start; an agent that has started is ended by `stop()`. */
  signal: AbortSignal
}

/** A live agent: the SDK's query in streaming input mode over a process of ours. */
export class Agent {
  /** Resolves once the process and everything that it started are gone, and its last message was handed on. */
  readonly ended: Promise<AgentExit>
  readonly #process: AgentProcess
  readonly #inbox: Inbox<SDKUserMessage>
  readonly #query: Query
  readonly #servers: Options['mcpServers']

  private constructor(process: AgentProcess, inbox: Inbox<SDKUserMessage>, query: Query, start: AgentStart) {
    this.#process = process
    this.#inbox = inbox
    this.#query = query
    this.#servers = start.options.mcpServers
    this.ended = this.#run(start)
  }

  /**
   * Starts the process and resolves once it has initialised, ready for a first prompt.
   * @throws AgentServerError `agent_start_failed`, with the exit and the last of stderr in its message
   */
  static async start(start: AgentStart): Promise<Agent> {
    await requireFolder(start.options.cwd)
    // Half of what a start of the server would take: it answers before this is there.
    const { startup } = await import('@anthropic-ai/claude-agent-sdk/core')
    let child: AgentProcess | undefined
    const abort = (): void => void child?.stop()
    start.signal.addEventListener('abort', abort)
    try {
      start.signal.throwIfAborted()
      const warm = await startup({
        options: {
          ...start.options,
          spawnClaudeCodeProcess: (options) => {
            child = new AgentProcess(options, start.scope, start.onStderr)
            if (start.signal.aborted) abort()
            return child.spawned
          },
        },
      })
      const inbox = new Inbox<SDKUserMessage>()
      const query = warm.query(inbox)
      if (Object.keys(start.secretSettings).length > 0) await query.applyFlagSettings(start.secretSettings)
      return new Agent(child!, inbox, query, start)
    } catch (cause) {
      const exit = await child?.stop()
      throw new AgentServerError({
        code: 'agent_start_failed',
        message: `The agent did not start: ${exit?.cause ?? (cause as Error).message}`,
        hint: 'Look at the configuration that was posted, and at the access to the model.',
        // Somebody killed it, the system for want of memory for one: the next may get through.
        retryAfterMs: exit?.signal === 'SIGKILL' && !start.signal.aborted ? 500 : undefined,
        cause,
      })
    } finally {
      start.signal.removeEventListener('abort', abort)
    }
  }

  /** The id of the process. */
  get processId(): number | undefined {
    return this.#process.id
  }

  /** The process has not ended. */
  get isAlive(): boolean {
    return this.#process.isAlive
  }

  /** Hands a message to the agent. */
  send(message: SDKUserMessage): void {
    this.#inbox.push(message)
  }

  /** Takes a message back that the agent has not begun with; false when it has. */
  async takeBack(uuid: string): Promise<boolean> {
    // In the SDK, but not in its types.
    const query = this.#query as Query & { cancelAsyncMessage?: (uuid: string) => Promise<unknown> }
    return (await query.cancelAsyncMessage?.(uuid)) === true
  }

  /** Calls a method of the SDK's query. @throws what the agent says against it */
  async call(method: CallMethod, args: unknown[]): Promise<unknown> {
    const call = this.#query[method] as (...args: unknown[]) => Promise<unknown>
    return await call.apply(this.#query, method === 'setMcpServers' ? [this.#withInstances(args[0])] : args)
  }

  /** Stops the running turn; resolves when the agent has taken notice. */
  async interrupt(): Promise<void> {
    await this.#query.interrupt()
  }

  /** Ends the process as the SDK does after the last prompt: by the end of its input, so that its last hooks run. */
  async finish(): Promise<void> {
    this.#inbox.close()
    const timer = setTimeout(() => void this.#process.stop(), FINISH_MS)
    await this.ended
    clearTimeout(timer)
  }

  /** Ends the process, gently first. Resolves when nothing of it is left. */
  async stop(): Promise<void> {
    await this.#process.stop()
    this.#inbox.close()
    await this.ended
  }

  /** What is not named in `setMcpServers` ends; the servers of clients are not to. */
  #withInstances(servers: unknown): unknown {
    const instances = Object.entries(this.#servers ?? {}).filter(([, { type }]) => type === 'sdk')
    return withoutShadows(Object.fromEntries(instances), servers as NonNullable<Options['mcpServers']>)
  }

  async #run({ onMessage, room }: AgentStart): Promise<AgentExit> {
    let fault: Error | undefined
    try {
      for await (const message of this.#query) {
        onMessage(message)
        await room()
      }
    } catch (error) {
      // The SDK throws when its process dies; how it died is told by the process.
      fault = error as Error
    }
    // The stream is over while the process lives: the SDK gave up on it.
    const timer = setTimeout(() => void this.#process.stop(), 1000)
    const exit = await this.#process.exited
    clearTimeout(timer)
    this.#inbox.close()
    return exit.code === 0 && fault !== undefined ? { ...exit, cause: fault.message } : exit
  }
}

/** The SDK takes a missing working directory for a missing program, so it is looked at first. */
export async function requireFolder(path: string | undefined): Promise<void> {
  if (path === undefined || (await stat(path).catch(() => undefined))?.isDirectory()) return
  throw new AgentServerError({
    code: 'agent_start_failed',
    message: `The agent did not start: its workspace ${path} is not there.`,
    hint: 'Make the folder again, or start the server with another CLAUDE_AGENT_WORKSPACE.',
  })
}
