import type { Network } from '../../support/network.ts'
import { pause } from '../../support/until.ts'
import type { Journal } from '../journal.ts'
import type { Ledger } from '../ledger.ts'
import type { Random } from '../random.ts'

/** What every reader is made of. */
export interface ReaderParts {
  session: string
  ledger: Ledger
  network: Network
  journal: Journal
  random: Random
}

/** A reader that comes back with its cursor whenever its line ends, until it is stopped. */
export abstract class Reader {
  readonly parts: ReaderParts
  #isStopped = false
  #run: Promise<void> = Promise.resolve()

  constructor(parts: ReaderParts) {
    this.parts = parts
  }

  get isStopped(): boolean {
    return this.#isStopped
  }

  start(): void {
    this.#isStopped = false
    this.#run = this.#read()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.abandon()
    await this.#run
  }

  /** Takes the line for dead, without a word to the other side. */
  abstract abandon(): void

  /** Reads over one line; resolves when that has ended. */
  protected abstract readOnce(): Promise<void>

  async #read(): Promise<void> {
    while (!this.#isStopped) {
      await this.readOnce()
      if (this.#isStopped) return
      this.parts.journal.count('reconnects')
      await pause(this.parts.random.between(20, 800))
    }
  }
}
