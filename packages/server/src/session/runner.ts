import { setTimeout as delay } from 'node:timers/promises'
import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import type { PromptOutcome } from '@claude-agent/protocol'
import type { Agent } from '../agent/agent.ts'
import type { AgentExit } from '../agent/agent-process.ts'
import { Aftermath, type AftermathParts } from './aftermath.ts'
import { AgentSlot, type AgentSlotParts, type EndReason } from './agent-slot.ts'
import type { Asks } from './asks.ts'
import { Attempts } from './attempts.ts'
import { Interrupter } from './interrupter.ts'
import { PromptQueue } from './prompt-queue.ts'
import type { Recovery } from './recovery.ts'
import { asServerError, interruptedEarly } from './refusals.ts'
import type { AcceptedPrompt } from './state.ts'
import { Turn } from './turn.ts'

/** What an agent gets to go on with a turn after an answer. */
const GO_ON_MS = 10_000

export interface RunnerParts
  extends Pick<AgentSlotParts, 'wanted' | 'start'>, Pick<AftermathParts, 'publish' | 'recover'> {
  asks: Asks
  /** Somebody can answer a question on which a turn ends for now. */
  defers: () => boolean
  /** An agent can be started: nothing that it needs is missing. */
  canStart: () => boolean
  /** No further prompt may run: a limit is reached. */
  isHeld: () => boolean
  /** Resolves when it can be told whether a limit is reached; undefined when that can be told at once. */
  counted: () => Promise<void> | undefined
  sdkSessionId: () => string
  /** The agent works at something that no prompt asked for: what comes without a priority would be mixed into it. */
  isBusy: () => boolean
  /** Whether a prompt has entered the conversation, as its transcript tells. */
  hasEntered: (prompt: AcceptedPrompt) => Promise<boolean>
  onExit: (exit: AgentExit, reason: EndReason | undefined) => void
  onChange: () => void
}

/** Hands the prompts of a session to its agent: one at a time, so that each gets a turn and a result of its own. */
export class Runner {
  readonly #parts: RunnerParts
  readonly #queue = new PromptQueue()
  readonly #slot: AgentSlot
  readonly #interrupter: Interrupter
  /** The turn that runs, and the prompts that were sent into it. */
  #turns: Turn[] = []
  /** Prompts whose turn waits for the answer to a question, without a process. */
  #suspended: AcceptedPrompt[] = []
  readonly #attempts = new Attempts()
  readonly #aftermath: Aftermath
  #isRecovering = false
  /** A turn has ended, and what it used is being counted. */
  #isCounting = false
  /** A question was asked: until the agent is gone, another word to it would cost the question its answer. */
  #isDeferring = false
  #hasFailed = false
  /** The turn that waits is to be stopped as soon as it goes on. */
  #isStopping = false
  #closed = false

  constructor(parts: RunnerParts) {
    this.#parts = parts
    this.#slot = new AgentSlot({
      wanted: parts.wanted,
      start: parts.start,
      onReady: parts.onChange,
      onExit: (exit, reason) => this.#agentEnded(exit, reason),
    })
    this.#aftermath = new Aftermath({
      publish: parts.publish,
      recover: parts.recover,
      attempts: this.#attempts,
      end: (uuid, outcome) => this.#end(uuid, outcome),
    })
    this.#interrupter = new Interrupter({
      slot: this.#slot,
      publish: parts.publish,
      isUnderWay: (turn) => this.#turns.includes(turn),
      takeBack: (turn) => {
        parts.publish({ type: 'error', ...interruptedEarly().toJSON() })
        this.#finish(turn, 'cancelled')
      },
    })
  }

  get slot(): AgentSlot {
    return this.#slot
  }

  /** A turn is under way, whether an agent has it already or not. */
  get isRunning(): boolean {
    return this.#turns.length > 0 || this.#isCounting
  }

  /** Prompts are sent into the turn that runs, when they ask for it. */
  get takesMore(): boolean {
    if (this.#isDeferring) return false
    return this.#turns.some(({ isStarted, isInterrupted }) => isStarted && !isInterrupted)
  }

  /** A turn waits for the answer to a question, without a process. */
  get isSuspended(): boolean {
    return this.#suspended.length > 0
  }

  get waiting(): number {
    return this.#queue.length
  }

  /** Characters of the prompts that wait. */
  get waitingSize(): number {
    return this.#queue.size
  }

  /** The last prompt could not be run, for want of an agent. */
  get hasFailed(): boolean {
    return this.#hasFailed
  }

  /** Takes a prompt that was accepted. */
  add(prompt: AcceptedPrompt): void {
    if (prompt.joins && this.takesMore && this.#slot.agent !== undefined) {
      const turn = new Turn(prompt)
      this.#turns.push(turn)
      this.#give(turn, this.#slot.agent)
      return
    }
    this.#queue.add(prompt)
    this.advance()
  }

  /** Takes up what was open when the server was started. */
  restore({ again, suspended }: Pick<Recovery, 'again' | 'suspended'>): void {
    this.#queue.putBack(again)
    this.#suspended = suspended
    this.advance()
  }

  /** Takes a prompt back; false when it does not wait. */
  cancel(uuid: string): boolean {
    const turn = this.#turns.find(
      ({ prompt, isHandedOver, goesOn }) => prompt.uuid === uuid && !isHandedOver && !goesOn,
    )
    if (turn !== undefined) this.#finish(turn, 'cancelled')
    else if (this.#queue.remove(uuid)) this.#end(uuid, 'cancelled')
    else return false
    this.#parts.onChange()
    return true
  }

  /** Stops the turn that runs. One that the agent has not begun yet is interrupted as soon as it has. */
  interrupt(): void {
    if (this.#suspended.length > 0) {
      // One whose answer is just being written goes on with that, and is stopped then.
      this.#isStopping = this.#parts.asks.deferred === undefined
      return this.#parts.asks.cancelDeferred()
    }
    const [turn] = this.#turns
    if (turn === undefined) return
    this.#interrupter.interrupt(turn)
  }

  /** Goes on: with the turn whose question was settled, else with the next prompt, when none is running. */
  advance(): void {
    const mayRun = !this.#closed && !this.#isRecovering && !this.isRunning && this.#parts.canStart()
    if (mayRun && this.#suspended.length > 0) {
      if (this.#parts.asks.deferred === undefined) this.#goOn()
    } else if (mayRun && !this.#parts.isHeld()) {
      const prompt = this.#queue.next()
      if (prompt !== undefined) this.#begin(new Turn(prompt))
    }
    this.#parts.onChange()
  }

  /** Whether another process may be made ready now: no turn has its own, no question would be disturbed. */
  get mayWarm(): boolean {
    return !this.#closed && this.#suspended.length === 0 && !this.#turns.some((turn) => turn.isHandedOver)
  }

  /** The turn is about to end for now: what was sent into it and has not begun, gets a turn of its own later. */
  async takeBackJoined(): Promise<void> {
    this.#isDeferring = true
    const agent = this.#slot.agent
    const waiting = this.#turns.filter(({ prompt, isStarted }) => prompt.joins && !isStarted)
    for (const turn of waiting) {
      turn.takeBack()
      if (!(await agent?.takeBack(turn.prompt.uuid).catch(() => false))) continue
      this.#turns = this.#turns.filter((other) => other !== turn)
      this.#queue.putBack([turn.prompt])
    }
  }

  hear(message: SDKMessage): void {
    for (const turn of this.#turns) {
      const wasStarted = turn.isStarted
      const end = turn.hear(message)
      if (end === 'deferred' && this.#parts.defers()) this.#suspend(turn)
      else if (end === 'deferred') this.#finish(turn, 'completed')
      else if (end === 'interrupted' && !turn.hasAnswer && !turn.goesOn) void this.#finishEarly(turn)
      else if (end !== undefined) this.#finish(turn, end)
      else if (!wasStarted && turn.isStarted && turn.isInterrupted) this.#interrupter.reach(turn)
    }
  }

  /** Ends the agent. What it did not finish is settled; what waits stays for the next start of the server. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#slot.close()
  }

  #begin(turn: Turn): void {
    this.#turns = [turn]
    void this.#handOver(turn)
  }

  #goOn(): void {
    const [prompt, ...joined] = this.#suspended
    this.#suspended = []
    for (const { uuid } of joined) this.#end(uuid, 'completed')
    const turn = new Turn(prompt!, true)
    if (this.#isStopping) turn.interrupt()
    this.#isStopping = false
    this.#begin(turn)
  }

  /** Gives a prompt to an agent once there is one as it is wanted; it may be another than at first. */
  async #handOver(turn: Turn): Promise<void> {
    for (;;) {
      try {
        const agent = await this.#slot.ready()
        if (!this.#turns.includes(turn)) return
        if (!this.#slot.holds(agent)) continue
        this.#hasFailed = false
        return this.#give(turn, agent)
      } catch (error) {
        if (!this.#turns.includes(turn) || this.#closed) return
        if (this.#slot.isStarting) continue
        const { retryAfterMs } = asServerError(error)
        if (retryAfterMs !== undefined && this.#attempts.mayTryAgain(turn.prompt)) {
          await delay(retryAfterMs)
          continue
        }
        this.#parts.publish({ type: 'error', ...asServerError(error).toJSON() })
        this.#hasFailed = true
        return turn.goesOn ? this.#keep(turn) : this.#finish(turn, 'failed')
      }
    }
  }

  /** A turn that waits for its answer to be told stays, whatever it takes: its question would be asked for ever. */
  #keep(turn: Turn): void {
    this.#turns = this.#turns.filter((other) => other !== turn)
    this.#suspended.unshift(turn.prompt)
    this.#parts.onChange()
    const pause = Math.min(GO_ON_MS, 500 * 2 ** this.#attempts.count(turn.prompt))
    setTimeout(() => this.advance(), pause).unref()
  }

  #give(turn: Turn, agent: Agent): void {
    turn.handOver()
    const { data } = turn.prompt
    if (turn.goesOn) {
      setTimeout(() => this.#requireStart(turn), GO_ON_MS).unref()
    } else {
      const session_id = this.#parts.sdkSessionId()
      const priority = this.#parts.isBusy() ? { priority: 'later' } : {}
      agent.send({ parent_tool_use_id: null, ...priority, ...data, session_id } as never)
    }
    this.#parts.onChange()
  }

  /** A turn that should go on after an answer and does not would hold the session for ever. */
  #requireStart(turn: Turn): void {
    if (this.#turns.includes(turn) && !turn.isStarted) void this.#slot.end('interrupt')
  }

  /** The turn has ended for now, with a question: the process is not needed until its answer. */
  #suspend(turn: Turn): void {
    const { id, name, input } = turn.question!
    this.#turns = this.#turns.filter((other) => other !== turn)
    this.#suspended.push(turn.prompt)
    this.#parts.asks.defer(id, { toolName: name, input, toolUseID: id })
    void this.#slot.end('question')
  }

  /** A turn was interrupted so early that its prompt may not have entered the conversation. */
  async #finishEarly(turn: Turn): Promise<void> {
    const hasEntered = await this.#parts.hasEntered(turn.prompt).catch(() => true)
    if (this.#turns.includes(turn)) this.#finish(turn, hasEntered ? 'interrupted' : 'cancelled')
  }

  #finish(turn: Turn, outcome: PromptOutcome): void {
    this.#turns = this.#turns.filter((other) => other !== turn)
    this.#end(turn.prompt.uuid, outcome)
    const counted = this.#parts.counted()
    if (counted === undefined) return this.#goOnAfterTurn()
    this.#isCounting = true
    void counted.then(() => {
      this.#isCounting = false
      this.#goOnAfterTurn()
    })
  }

  #goOnAfterTurn(): void {
    this.advance()
    // A configuration that came during the turn; the next prompt may be long in coming.
    if (!this.isRunning && this.#slot.agent !== undefined && this.#slot.isStale && !this.#closed)
      this.#slot.ready().catch(() => {})
  }

  #end(uuid: string, outcome: PromptOutcome): void {
    this.#attempts.forget(uuid)
    this.#parts.publish({ type: 'prompt_ended', uuid, outcome })
  }

  /** The agent is gone: decides what becomes of the prompts that it had. */
  async #agentEnded(exit: AgentExit, reason: EndReason | undefined): Promise<void> {
    this.#parts.onExit(exit, reason)
    this.#isDeferring = false
    const lost = this.#turns.filter((turn) => turn.isHandedOver)
    if (lost.length === 0) return
    this.#turns = this.#turns.filter((turn) => !turn.isHandedOver)
    this.#isRecovering = true
    const { again, suspended } = await this.#aftermath.of(lost)
    this.#isRecovering = false
    this.#queue.putBack(again)
    this.#suspended.push(...suspended)
    this.advance()
  }
}
