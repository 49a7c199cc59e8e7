import type { Writable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { LineSplitter } from './line-splitter.ts'

/** Bytes that may wait for the agent: more than a client sends without hearing that some were taken. */
const MAX_UNTAKEN = 4 * 1024 * 1024
/** Milliseconds for which lines are taken in one go, before others have their turn. */
const SLICE_MS = 10

export interface IntakeParts {
  maxLineBytes: number
  stdin: Writable
  isAlive: () => boolean
  /** Takes a line; undefined for one that was too long. */
  hear: (line: Buffer | undefined) => void
  /** More was taken. */
  onTook: () => void
}

/** What comes for the stdin of an agent, taken line by line at the pace of the agent. */
export class Intake {
  readonly #parts: IntakeParts
  readonly #lines: LineSplitter
  readonly #untaken: Buffer[] = []
  readonly #drains: (() => void)[] = []
  #received = 0
  #taken = 0
  #isTaking = false
  #isEnding = false

  constructor(parts: IntakeParts) {
    this.#parts = parts
    this.#lines = new LineSplitter(parts.maxLineBytes)
  }

  /** Bytes that have come. */
  get received(): number {
    return this.#received
  }

  /** Bytes that were looked at, behind which the agent takes more. */
  get taken(): number {
    return this.#taken
  }

  /** So much waits that nothing more is to be read; `drained()` says until when. */
  get isFull(): boolean {
    return this.#received - this.#taken > MAX_UNTAKEN
  }

  async drained(): Promise<void> {
    while (this.isFull) await new Promise<void>((resolve) => this.#drains.push(resolve))
  }

  /** Resolves when all that has come was taken; what comes meanwhile is taken with it. @throws what `hear` throws */
  async push(bytes: Buffer): Promise<void> {
    this.#received += bytes.length
    this.#untaken.push(bytes)
    if (this.#isTaking) return
    this.#isTaking = true
    const { stdin, isAlive, hear, onTook } = this.#parts
    try {
      let end = performance.now() + SLICE_MS
      for (let next = this.#untaken.shift(); next !== undefined; next = this.#untaken.shift()) {
        for (const line of this.#lines.push(next)) {
          if (!isAlive()) break
          hear(line)
          if (stdin.writableNeedDrain) await drain(stdin)
          if (performance.now() < end) continue
          await nextTurn()
          end = performance.now() + SLICE_MS
        }
        this.#taken += next.length
        onTook()
        if (!this.isFull) for (const go of this.#drains.splice(0)) go()
      }
    } finally {
      // In the same breath as the last look: what comes after it is taken by another call.
      this.#isTaking = false
      if (this.#isEnding) stdin.end()
    }
  }

  /** Nothing more comes; what has come is still taken. */
  end(): void {
    if (this.#isEnding) return
    this.#isEnding = true
    if (!this.#isTaking) this.#parts.stdin.end()
  }
}

/** Resolves when a stream takes more, or never will. */
async function drain(stream: Writable): Promise<void> {
  if (stream.destroyed) return
  await new Promise<void>((resolve) => {
    const go = (): void => {
      stream.off('drain', go).off('close', go)
      resolve()
    }
    stream.on('drain', go).on('close', go)
  })
}
