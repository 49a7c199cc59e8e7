import { AgentServerError } from '@claude-agent/protocol'

/** Bytes that may wait for the model's host before nothing more is read, where the platform can stop reading. */
const MAX_WAITING = 1024 * 1024

/** The most that is kept of a body that must be sent in one piece. */
const MAX_WHOLE = 256 * 1024 * 1024

/** The line that a body comes by. */
export interface BodyLine {
  pause(): void
  resume(): void
}

/** The body of a request as it comes, until the server has said its last word on it: `end` or `cancel`. */
export class RequestBody {
  /** Resolves when nothing more comes of it. */
  readonly over: Promise<void>
  readonly #line: BodyLine
  #chunks: Uint8Array<ArrayBuffer>[] = []
  #waiting = 0
  #state: 'coming' | 'ended' | 'cancelled' = 'coming'
  #isStreamed = false
  #isWanted = true
  #wake = (): void => {}
  #settle = (): void => {}

  constructor(line: BodyLine) {
    this.#line = line
    this.over = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  push(bytes: Uint8Array): void {
    if (!this.#isWanted || this.#state !== 'coming') return
    // What the platform gives is never shared memory.
    this.#chunks.push(bytes as Uint8Array<ArrayBuffer>)
    this.#waiting += bytes.length
    if (this.#isStreamed && this.#waiting > MAX_WAITING) this.#line.pause()
    this.#wake()
  }

  end(): void {
    if (this.#state !== 'coming') return
    this.#state = 'ended'
    this.#wake()
    this.#settle()
  }

  cancel(): void {
    if (this.#state === 'coming') this.#state = 'cancelled'
    this.discard()
    this.#settle()
  }

  /** Nobody reads it any more; what still comes goes nowhere. */
  discard(): void {
    this.#isWanted = false
    this.#chunks = []
    this.#line.resume()
    this.#wake()
  }

  /** All of it, once it is there. */
  async whole(): Promise<Uint8Array<ArrayBuffer>> {
    while (this.#state === 'coming' && this.#isWanted) {
      if (this.#waiting > MAX_WHOLE) throw tooLarge()
      await this.#more()
    }
    const body = new Uint8Array(this.#waiting)
    let place = 0
    for (const chunk of this.#chunks) {
      body.set(chunk, place)
      place += chunk.length
    }
    this.#chunks = []
    return body
  }

  /** It as a stream that is read no faster than it is taken. */
  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.#isStreamed = true
    return new ReadableStream(
      {
        pull: async (controller) => {
          while (this.#chunks.length === 0 && this.#state === 'coming' && this.#isWanted) await this.#more()
          const chunk = this.#chunks.shift()
          if (chunk !== undefined) {
            this.#waiting -= chunk.length
            if (this.#waiting <= MAX_WAITING / 2) this.#line.resume()
            controller.enqueue(chunk)
          } else if (this.#state === 'ended') controller.close()
          else controller.error(cancelled())
        },
        cancel: () => this.discard(),
      },
      { highWaterMark: 0 },
    )
  }

  async #more(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }
}

/** What a request ends with that nobody waits for any more. */
export function cancelled(): AgentServerError {
  return new AgentServerError({ code: 'prompt_interrupted', message: 'The request was cancelled.' })
}

function tooLarge(): AgentServerError {
  return new AgentServerError({
    code: 'body_too_large',
    message: `A request for the model has more than ${MAX_WHOLE} bytes, which this platform would have to keep in memory.`,
    hint: 'Bring the model from Node, which passes them on as they come.',
  })
}
