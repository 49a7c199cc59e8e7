import { AgentServerError, type DirectedAsk } from '@claude-agent/protocol'
import { hashOf } from '../../policy/fingerprint.ts'
import { drawUuid } from '../../random.ts'
import type { GivenAnswer } from '../answer.ts'
import type { Owner, Port } from './owner.ts'

/** Asks that may be open, and their characters; further ones are refused at once. */
const MAX_OPEN = 100
const MAX_CHARACTERS = 64 * 1024 * 1024
/** Answers that are remembered for those who did not hear that they were taken. */
const REMEMBERED = 1000

/**
 * How an ask ended: with an answer, or because the client is `away` for too long, serves no more (`gone`), did not answer
 * in time though it was there, because the agent took it back, or because there are too many.
 */
export type DirectedOutcome =
  | { kind: 'answered'; given: GivenAnswer }
  | { kind: 'away' | 'gone' | 'timed_out' | 'cancelled' | 'too_many' }

interface Pending {
  frame: DirectedAsk
  owner: Owner
  /** Milliseconds that the client has for it from when it got it; undefined for any time. */
  timeoutMs: number | undefined
  /** Throws when an answer does not fit. */
  check: (given: GivenAnswer) => void
  settle: (outcome: DirectedOutcome) => void
  size: number
  timer?: NodeJS.Timeout
}

/** The acknowledgement of an answer; there is no event of it, so no number. */
export interface DirectedAccepted {
  ask: string
  outcome: 'answered'
  by: string
}

/** What the agent waits for one client to answer. Live only: it ends with the agent's process, and is in no log. */
export class DirectedAsks {
  readonly #pending = new Map<string, Pending>()
  /** Hashes of the answers that were taken; '' for what ended otherwise. */
  readonly #taken = new Map<string, string>()
  #size = 0

  get size(): number {
    return this.#pending.size
  }

  /** Whether there is or was such an ask. */
  has(ask: string): boolean {
    return this.#pending.has(ask) || this.#taken.has(ask)
  }

  /** The open ones of a client. */
  of(owner: Owner): DirectedAsk[] {
    return [...this.#pending.values()].filter((each) => each.owner === owner).map(({ frame }) => frame)
  }

  /** Puts an ask to a client, now or when it comes back. `signal`: the agent takes it back. Never rejects. */
  async open(
    owner: Owner,
    about: DirectedAbout,
    { timeoutMs, check }: Pick<Pending, 'timeoutMs' | 'check'>,
    signal: AbortSignal,
  ): Promise<DirectedOutcome> {
    if (signal.aborted) return { kind: 'cancelled' }
    if (owner.isExpired) return { kind: 'away' }
    const ask = drawUuid()
    const frame = { type: 'ask', ask, client: owner.client, ...about } as DirectedAsk
    const size = JSON.stringify(about).length
    if (this.#pending.size >= MAX_OPEN || this.#size + size > MAX_CHARACTERS) return { kind: 'too_many' }
    const cancel = (): void => this.#settle(ask, { kind: 'cancelled' })
    try {
      return await new Promise((settle) => {
        const pending: Pending = { frame, owner, timeoutMs, check, settle, size }
        this.#pending.set(ask, pending)
        this.#size += size
        signal.addEventListener('abort', cancel, { once: true })
        this.#send(pending)
      })
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  }

  /**
   * Takes an answer; the first one counts, and may be sent again.
   * @throws AgentServerError `not_owner`, `already_settled`, `invalid_answer`, `ask_not_found`
   */
  answer(ask: string, given: GivenAnswer, by: string, port: Port | undefined): DirectedAccepted {
    const accepted: DirectedAccepted = { ask, outcome: 'answered', by }
    const pending = this.#pending.get(ask)
    if (pending === undefined) {
      if (this.#taken.get(ask) === hashOf(given)) return accepted
      throw new AgentServerError({
        code: 'already_settled',
        message: `The ask '${ask}' is not open any more.`,
      })
    }
    if (port === undefined || !pending.owner.has(port)) throw notOwner(ask)
    pending.check(given)
    this.#settle(ask, { kind: 'answered', given })
    return accepted
  }

  /** Sends what is open to a client that has come back. */
  redeliver(owner: Owner): void {
    for (const pending of this.#pending.values()) if (pending.owner === owner) this.#send(pending)
  }

  /** A client has gone: the time that it has for each begins anew with its return. */
  suspend(owner: Owner): void {
    for (const pending of this.#pending.values()) if (pending.owner === owner) clearTimeout(pending.timer)
  }

  /** A client is not waited for any more. */
  giveUp(owner: Owner, kind: 'away' | 'gone'): void {
    for (const [ask, pending] of this.#pending) if (pending.owner === owner) this.#settle(ask, { kind })
  }

  /** The agent that asked is gone, and everything that it waited for. */
  clear(): void {
    for (const ask of this.#pending.keys()) this.#settle(ask, { kind: 'cancelled' })
  }

  #send(pending: Pending): void {
    const { owner, frame, timeoutMs } = pending
    if (owner.port === undefined) return
    owner.port.say(frame)
    clearTimeout(pending.timer)
    if (timeoutMs === undefined) return
    const expire = (): void => this.#settle(frame.ask, { kind: 'timed_out' })
    pending.timer = setTimeout(expire, timeoutMs).unref()
  }

  #settle(ask: string, outcome: DirectedOutcome): void {
    const pending = this.#pending.get(ask)
    if (pending === undefined) return
    this.#pending.delete(ask)
    this.#size -= pending.size
    clearTimeout(pending.timer)
    this.#taken.set(ask, outcome.kind === 'answered' ? hashOf(outcome.given) : '')
    const [oldest] = this.#taken.keys()
    if (this.#taken.size > REMEMBERED && oldest !== undefined) this.#taken.delete(oldest)
    if (outcome.kind !== 'answered')
      pending.owner.port?.say({ type: 'ask_cancelled', ask, client: pending.owner.client })
    pending.settle(outcome)
  }
}

/** What an ask is about. */
export type DirectedAbout = DirectedAsk extends infer Ask ? Omit<Ask, 'type' | 'ask' | 'client'> : never

function notOwner(ask: string): AgentServerError {
  return new AgentServerError({
    code: 'not_owner',
    message: `The ask '${ask}' is for the client that registered its hook or server.`,
    hint: 'Register on this socket as that client, with its secret, and answer then.',
  })
}
