import { AgentServerError } from '@claude-agent/protocol'
import type { AgentExit, AgentProcess } from '../agent/agent-process.ts'
import { toServerError } from '../transport/errors.ts'
import type { Exchange, ExchangeParts } from './exchange.ts'
import { Intake } from './intake.ts'
import { LineSplitter } from './line-splitter.ts'
import { Outbox } from './outbox.ts'

/** Characters of stderr that are kept for a controller that is away. */
const STDERR_TAIL = 8 * 1024
/** A line of the agent that is longer than this is none of the CLI's. */
const MAX_AGENT_LINE = 256 * 1024 * 1024
/** Bytes of answers of this server's that may wait for the controller. */
const MAX_ANSWERS = 4 * 1024 * 1024

/** Who has the process to himself, as far as the process knows him. */
export interface Controller {
  /** Bytes of stdout, whole lines, in order. */
  write(bytes: Buffer): void
  /** More of stdin was taken. */
  took(): void
  stderr(text: string): void
  /** The process has ended, after so many bytes of stdout. */
  exited(exit: AgentExit, bytes: number): void
  /** Its client has come back on another line. */
  left(): void
  /** The process is not the controller's any more. */
  failed(error: AgentServerError): void
}

export interface DrivenProcessParts {
  /** By which its controller comes back. */
  name: string
  start: (onStderr: (text: string) => void) => AgentProcess
  exchange: (parts: Pick<ExchangeParts, 'toAgent' | 'toController' | 'onUnpinned'>) => Exchange
  maxLineBytes: number
  /** Resolves when the log takes more. */
  room: () => Promise<void>
  onStderr: (text: string) => void
  onEnded: (exit: AgentExit) => void
  /** Milliseconds that it waits for its controller. */
  controllerTimeoutMs: number
  /** Nobody comes any more. */
  onForgotten: () => void
}

/** A process of an agent whose lines go to and from a controller, which may be away for a while. */
export class DrivenProcess {
  readonly name: string
  /** Resolves when nothing of it is left. */
  readonly ended: Promise<void>
  /** What comes for its stdin. */
  readonly intake: Intake
  readonly #parts: DrivenProcessParts
  readonly #process: AgentProcess
  readonly #exchange: Exchange
  readonly #outbox = new Outbox()
  #controller: Controller | undefined
  /** Bytes of answers of this server's since the controller had read everything. */
  #answers = 0
  #exit: AgentExit | undefined
  #stderr = ''
  #timer: NodeJS.Timeout | undefined

  constructor(parts: DrivenProcessParts) {
    this.name = parts.name
    this.#parts = parts
    this.#process = parts.start((text) => this.#hearStderr(text))
    const { stdin } = this.#process.spawned
    this.#exchange = parts.exchange({
      toAgent: (line) => void (stdin.writable && stdin.write(line)),
      toController: (line) => this.#answer(line),
      onUnpinned: (why) => void this.stop(unpinned(why)),
    })
    this.intake = new Intake({
      maxLineBytes: parts.maxLineBytes,
      stdin,
      isAlive: () => this.isAlive,
      hear: (line) => this.#exchange.hearController(line),
      onTook: () => this.#controller?.took(),
    })
    this.ended = this.#run()
    this.#await()
  }

  get id(): number | undefined {
    return this.#process.id
  }

  /** It has not ended. */
  get isAlive(): boolean {
    return this.#exit === undefined
  }

  /** Somebody has it at this moment. */
  get isAttached(): boolean {
    return this.#controller !== undefined
  }

  /** Gives it a controller, which has everything before `received`; false when what is behind that is not here. */
  attach(controller: Controller, received: number): boolean {
    const missing = this.#outbox.from(received)
    if (missing === undefined) return false
    clearTimeout(this.#timer)
    const before = this.#controller
    this.#controller = controller
    before?.left()
    for (const chunk of missing) controller.write(chunk)
    if (this.#stderr !== '') controller.stderr(this.#stderr)
    this.#stderr = ''
    if (this.#exit !== undefined) controller.exited(this.#exit, this.#outbox.end)
    return true
  }

  /** The controller is away, and may come back. */
  detach(controller: Controller): void {
    if (this.#controller !== controller) return
    this.#controller = undefined
    this.#await()
  }

  /** The controller is gone for good: a turn that runs may end, and then the process does. */
  release(controller: Controller): void {
    if (this.#controller !== controller) return
    this.detach(controller)
    this.#outbox.abandon()
    this.#exchange.release()
    this.endInput()
    if (!this.isAlive) this.#parts.onForgotten()
  }

  /** Takes bytes of stdin. */
  receive(bytes: Buffer): void {
    void this.intake.push(bytes).catch((error: unknown) => this.stop(toServerError(error)))
  }

  /** Nothing more comes on stdin. */
  endInput(): void {
    this.intake.end()
  }

  acknowledge(bytes: number): void {
    this.#outbox.acknowledge(bytes)
  }

  /** Ends it: gently first, but with SIGKILL at once. */
  kill(signal: NodeJS.Signals): void {
    if (signal === 'SIGKILL') this.#process.spawned.kill(signal)
    else void this.stop()
  }

  /** Ends it, and tells its controller why; resolves when nothing of it is left. */
  async stop(why?: AgentServerError): Promise<void> {
    const controller = this.#controller
    if (why !== undefined) {
      this.#controller = undefined
      controller?.failed(why)
    }
    // What nobody reads would keep it from ending.
    if (this.#controller === undefined) this.#outbox.abandon()
    await this.#process.stop()
    await this.ended
    if (why !== undefined) this.#forget()
  }

  async #run(): Promise<void> {
    await this.#read().catch(() => this.#process.stop())
    const exit = await this.#process.exited
    this.#exit = exit
    this.#parts.onEnded(exit)
    this.#controller?.exited(exit, this.#outbox.end)
  }

  async #read(): Promise<void> {
    const lines = new LineSplitter(MAX_AGENT_LINE)
    for await (const chunk of this.#process.spawned.stdout as AsyncIterable<Buffer>) {
      const kept: Buffer[] = []
      for (const line of lines.push(chunk)) {
        const told = line === undefined ? undefined : this.#exchange.hearAgent(line)
        if (told !== undefined) kept.push(told)
      }
      if (kept.length > 0) this.#tell(kept.length === 1 ? kept[0]! : Buffer.concat(kept))
      await this.#parts.room()
      await this.#outbox.room()
    }
  }

  /** Tells what this server answers in place of the agent. Who asks and does not read is not answered for ever. */
  #answer(line: Buffer): void {
    if (this.#outbox.isEmpty) this.#answers = 0
    if (this.#answers > MAX_ANSWERS) return
    this.#answers += line.length
    if (this.#answers > MAX_ANSWERS) void this.stop(unread())
    else this.#tell(line)
  }

  #tell(bytes: Buffer): void {
    this.#outbox.append(bytes)
    this.#controller?.write(bytes)
  }

  #hearStderr(text: string): void {
    this.#parts.onStderr(text)
    if (this.#controller === undefined) this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL)
    else this.#controller.stderr(text)
  }

  /** Waits for its controller, within the bound. */
  #await(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#outbox.abandon()
      void this.#process
        .stop()
        .then(() => this.ended)
        .then(() => this.#forget())
    }, this.#parts.controllerTimeoutMs).unref()
  }

  #forget(): void {
    clearTimeout(this.#timer)
    this.#parts.onForgotten()
  }
}

function unpinned(why: string | undefined): AgentServerError {
  return new AgentServerError({
    code: 'agent_start_failed',
    message: `The agent did not take the settings that the server gives it, so it was ended${why === undefined ? '.' : `: ${why}`}`,
    hint: 'Is the Claude Code of the server the one that its SDK came with?',
  })
}

function unread(): AgentServerError {
  return new AgentServerError({
    code: 'process_gone',
    message: `More than ${MAX_ANSWERS} bytes of answers wait for the client, which reads none of them.`,
    hint: 'Use the official SDK, and read what it says.',
  })
}
