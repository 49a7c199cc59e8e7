import { AgentServerError } from '@claude-agent/protocol'
import { Pieces, type Room } from './pieces.ts'

/** Bytes that may wait for the model's host before nothing more is read, where the platform can stop reading. */
const MAX_WAITING = 1024 * 1024

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
  readonly #pieces: Pieces
  #came = 0
  #limit = Infinity
  #error: AgentServerError | undefined
  #state: 'coming' | 'ended' | 'cancelled' = 'coming'
  #isStreamed = false
  #isWanted = true
  #wake = (): void => {}
  #settle = (): void => {}

  constructor(line: BodyLine, room: Room) {
    this.#line = line
    this.#pieces = new Pieces(room)
    this.over = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  /** Why the rest is not taken. */
  get error(): AgentServerError | undefined {
    return this.#error
  }

  push(bytes: Uint8Array): void {
    if (!this.#isWanted || this.#state !== 'coming') return
    this.#came += bytes.length
    if (this.#came > this.#limit) return this.#fail(longer(this.#limit))
    if (!this.#pieces.add(bytes)) return this.#fail(tooLarge())
    if (this.#isStreamed && this.#pieces.length > MAX_WAITING) this.#line.pause()
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
    this.#pieces.clear()
    this.#line.resume()
    this.#wake()
  }

  /**
   * All of it, once it is there.
   * @param limit the length that was announced
   * @throws AgentServerError `body_too_large`
   */
  async whole(limit = Infinity): Promise<Uint8Array<ArrayBuffer>> {
    this.#limit = limit
    while (this.#state === 'coming' && this.#isWanted) await this.#more()
    if (this.#error !== undefined) throw this.#error
    return this.#pieces.join()
  }

  /**
   * It as a stream that is read no faster than it is taken.
   * @param limit the length that was announced
   */
  stream(limit = Infinity): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.#limit = limit
    this.#isStreamed = true
    return new ReadableStream(
      {
        pull: async (controller) => {
          while (this.#pieces.length === 0 && this.#state === 'coming' && this.#isWanted) await this.#more()
          const piece = this.#pieces.shift()
          if (piece !== undefined) {
            if (this.#pieces.length <= MAX_WAITING / 2) this.#line.resume()
            controller.enqueue(piece)
          } else if (this.#error === undefined && this.#state === 'ended') controller.close()
          else controller.error(this.#error ?? cancelled())
        },
        cancel: () => this.discard(),
      },
      { highWaterMark: 0 },
    )
  }

  #fail(error: AgentServerError): void {
    this.#error = error
    this.discard()
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

function longer(limit: number): AgentServerError {
  return new AgentServerError({
    code: 'body_too_large',
    message: `A request for the model has more than the ${limit} bytes that it was announced with.`,
  })
}

function tooLarge(): AgentServerError {
  return new AgentServerError({
    code: 'body_too_large',
    message: 'The requests for the model are together larger than what the client keeps in memory.',
    hint: 'Bring the model from Node, which passes them on as they come, or from several clients.',
  })
}
