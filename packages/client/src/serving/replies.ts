import type { AgentServerError, DirectedResult } from '@claude-agent/protocol'

/** What an ask came to. */
export type Reply = { result: DirectedResult } | { error: string }

interface Work {
  abort: AbortController
  /** Once it is done. */
  reply?: Reply
}

/**
 * What the agent has asked of this client and waits for: each ask runs once, however often it is delivered, and its reply
 * is kept until the server has it.
 */
export class Replies {
  readonly #work = new Map<string, Work>()
  readonly #send: (ask: string, reply: Reply) => Promise<unknown>

  /** @param send resolves when the server has the reply; rejects with an AgentServerError */
  constructor(send: (ask: string, reply: Reply) => Promise<unknown>) {
    this.#send = send
  }

  /** Runs what was asked, or sends the reply again that it had. */
  deliver(ask: string, run: (signal: AbortSignal) => Promise<DirectedResult>): void {
    const known = this.#work.get(ask)
    if (known?.reply !== undefined) void this.#tell(ask, known.reply)
    if (known !== undefined) return
    const work: Work = { abort: new AbortController() }
    this.#work.set(ask, work)
    void this.#run(ask, work, run)
  }

  /** Nobody waits for it any more. */
  cancel(ask: string): void {
    const work = this.#work.get(ask)
    this.#work.delete(ask)
    if (work?.reply === undefined) work?.abort.abort(cancelled())
  }

  /** Nobody waits for any but these. */
  keep(asks: readonly string[]): void {
    for (const ask of this.#work.keys()) if (!asks.includes(ask)) this.cancel(ask)
  }

  async #run(ask: string, work: Work, run: (signal: AbortSignal) => Promise<DirectedResult>): Promise<void> {
    const reply = await run(work.abort.signal).then(
      (result): Reply => ({ result }),
      (cause: unknown): Reply => ({ error: cause instanceof Error ? cause.message : String(cause) }),
    )
    if (this.#work.get(ask) !== work) return
    work.reply = reply
    await this.#tell(ask, reply)
  }

  async #tell(ask: string, reply: Reply): Promise<void> {
    try {
      await this.#send(ask, reply)
      this.#work.delete(ask)
    } catch (error) {
      // Lost on the way: the server asks again. What it does not take, it takes at no other time.
      const { code } = error as AgentServerError
      if (code === 'connect_failed' || code === 'connect_timeout' || code === 'not_connected') return
      const isOurs = this.#work.delete(ask)
      if (isOurs && (code === 'invalid_answer' || code === 'invalid_message'))
        await this.#send(ask, { error: (error as Error).message }).catch(() => {})
    }
  }
}

function cancelled(): DOMException {
  return new DOMException('The agent does not wait for it any more.', 'AbortError')
}
