import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { readAll } from './answer.ts'

/** The first message of a stream, out of its envelope: a byte of flags, four of length, JSON. */
export async function readEnvelope<T>(body: Readable): Promise<T> {
  const bytes = await readAll(body)
  return JSON.parse(bytes.toString('utf8', 5, 5 + bytes.readUInt32BE(1))) as T
}

function envelope(flags: number, message: unknown): Buffer {
  const bytes = Buffer.from(JSON.stringify(message))
  const head = Buffer.alloc(5)
  head.writeUInt8(flags, 0)
  head.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

/** An answer that is a stream of messages, as Connect sends it (`application/connect+json`). */
export class ConnectStream {
  readonly #response: ServerResponse
  readonly #ends: (() => void)[] = []
  readonly #deadline: NodeJS.Timeout | undefined
  #isOver = false

  /** The caller's deadline (`Connect-Timeout-Ms`); 0 for none. */
  readonly timeoutMs: number

  constructor(response: ServerResponse, timeoutMs: number) {
    this.#response = response
    this.timeoutMs = timeoutMs
    response.writeHead(200, { 'content-type': 'application/connect+json' })
    response.once('close', () => this.#over())
    if (timeoutMs > 0) {
      this.#deadline = setTimeout(() => {
        this.end({ code: 'deadline_exceeded', message: 'context deadline exceeded' })
      }, timeoutMs)
      this.#deadline.unref()
    }
  }

  /** Called once when it is over, whoever ended it. */
  onEnd(listener: () => void): void {
    if (this.#isOver) listener()
    else this.#ends.push(listener)
  }

  send(message: unknown): void {
    if (!this.#isOver) this.#response.write(envelope(0, message))
  }

  end(error?: { code: string; message: string }): void {
    if (this.#isOver) return
    this.#response.end(envelope(2, error === undefined ? {} : { error }))
    this.#over()
  }

  #over(): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#deadline)
    for (const end of this.#ends) end()
  }
}
