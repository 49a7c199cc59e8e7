import { checkWritable, maxCassetteBytes, writeCassette } from '../cassette/cassette-file.ts'
import type { CassetteExchange } from '../cassette/cassette.ts'
import { cassetteText, exchangeText } from '../cassette/cassette-text.ts'
import { ScriptedClaudeError } from '../errors.ts'
import { piecesOf } from './redaction.ts'
import type { Secrets } from './secrets.ts'

/** The place of an exchange in the cassette, held from the request on. */
export interface Slot {
  text: string | undefined
}

/** How many different failures are told apart. */
const mostFailures = 100

/** Collects exchanges in the order of their requests, and writes them after each one that has ended. */
export class CassetteWriter {
  readonly #path: string
  readonly #secrets: Secrets
  readonly #slots: Slot[] = []
  /** What could not be recorded, and why. */
  readonly failures: string[] = []
  #bytes = 0
  #checkedWith = 0
  #writing: Promise<void> = Promise.resolve()
  #isWaiting = false
  #problem: ScriptedClaudeError | undefined

  private constructor(path: string, secrets: Secrets) {
    this.#path = path
    this.#secrets = secrets
  }

  /** @throws ScriptedClaudeError `unwritable_cassette` */
  static async open(path: string, secrets: Secrets): Promise<CassetteWriter> {
    await checkWritable(path)
    return new CassetteWriter(path, secrets)
  }

  /** How many exchanges are in it. */
  get size(): number {
    return this.#slots.filter(({ text }) => text !== undefined).length
  }

  /** Holds the next place. */
  reserve(): Slot {
    const slot: Slot = { text: undefined }
    this.#slots.push(slot)
    return slot
  }

  /** Leaves an exchange out, and gives its place back if it has one. */
  leaveOut(reason: string, slot?: Slot): void {
    if (this.failures.length < mostFailures && !this.failures.includes(reason)) this.failures.push(reason)
    const place = slot === undefined ? -1 : this.#slots.indexOf(slot)
    if (place >= 0) this.#slots.splice(place, 1)
  }

  /** Puts a redacted exchange into its place. */
  put(slot: Slot, exchange: CassetteExchange): void {
    const text = exchangeText(exchange)
    try {
      this.#check(slot, exchange, text)
    } catch (error) {
      this.#problem ??= error as ScriptedClaudeError
      return
    }
    slot.text = text
    this.#bytes += Buffer.byteLength(text)
    if (this.#isWaiting) return
    this.#isWaiting = true
    this.#writing = this.#writing.then(() => this.#write())
  }

  /**
   * Writes what is still to be written.
   * @throws ScriptedClaudeError `secret_in_cassette`, `unwritable_cassette` or `incomplete_cassette`
   */
  async close(): Promise<void> {
    await this.#writing
    if (this.#problem !== undefined) throw this.#problem
  }

  /** Once something went wrong nothing is written any more: a cassette with a hole would look like a whole one. */
  async #write(): Promise<void> {
    this.#isWaiting = false
    if (this.#problem !== undefined) return
    try {
      const text = cassetteText(this.#slots.flatMap((slot) => slot.text ?? []))
      // Each exchange was looked through when it came; a credential learned since may be in those before.
      const { credentialCount } = this.#secrets
      if (credentialCount !== this.#checkedWith) this.#secrets.refuse(text, 'The recording')
      this.#checkedWith = credentialCount
      await writeCassette(this.#path, text)
    } catch (error) {
      this.#problem = error as ScriptedClaudeError
    }
  }

  #check(slot: Slot, { answer }: CassetteExchange, text: string): void {
    const where = `Exchange ${this.#slots.indexOf(slot) + 1}`
    this.#secrets.refuse(text, where)
    for (const { field, deltas } of piecesOf(answer.events ?? [])) {
      this.#secrets.refuse(deltas.map((delta) => String(delta[field])).join(''), where)
    }
    if (this.#bytes + text.length <= maxCassetteBytes) return
    throw new ScriptedClaudeError({
      code: 'incomplete_cassette',
      message: `The recording is longer than ${maxCassetteBytes} bytes; ${where.toLowerCase()} and what follows is left out.`,
      hint: 'Record less at a time, in several cassettes.',
    })
  }
}
