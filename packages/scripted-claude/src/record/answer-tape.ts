import type { IncomingHttpHeaders } from 'node:http'
import type { CassetteAnswer, CassetteEvent } from '../cassette/cassette.ts'
import { keptHeaders } from '../cassette/cassette.ts'

/** Takes an answer as it streams by, and keeps it as a cassette does. */
export class AnswerTape {
  readonly #status: number
  readonly #headers: Record<string, string>
  readonly #isStream: boolean
  readonly #keepsPauses: boolean
  readonly #decoder = new TextDecoder()
  readonly #events: CassetteEvent[] = []
  #text = ''
  #lastAt = performance.now()

  constructor(status: number, headers: IncomingHttpHeaders, keepsPauses: boolean) {
    this.#status = status
    this.#headers = Object.fromEntries(
      keptHeaders.flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]]] : [])),
    )
    this.#isStream = /^text\/event-stream\b/i.test(headers['content-type'] ?? '')
    this.#keepsPauses = keepsPauses
  }

  /** Takes some bytes, which may end anywhere. */
  take(bytes: Uint8Array): void {
    this.#text += this.#decoder.decode(bytes, { stream: true })
    if (!this.#isStream || !/[\r\n]/.test(this.#text)) return
    const blocks = this.#text.split(/\r\n\r\n|\n\n|\r\r/)
    this.#text = blocks.pop() ?? ''
    for (const block of blocks) this.#keep(block)
  }

  /** The answer, with how it ended if that was before its end. */
  end(end: 'cut' | 'left' | undefined): CassetteAnswer {
    const answer = { status: this.#status, headers: this.#headers }
    if (this.#isStream) {
      // A client that goes after the last event has heard everything.
      if ((this.#events.at(-1)?.data as { type?: unknown } | undefined)?.type === 'message_stop')
        end = undefined
      const isHalf = end === 'cut' && this.#text.trim() !== ''
      return { ...answer, ...(end && { end: isHalf ? 'cut-mid-event' : end }), events: this.#events }
    }
    // Half a body is of no use, and half a secret in it would not be seen.
    if (end !== undefined) return { ...answer, end }
    if (this.#text === '') return answer
    const body = parseJson(this.#text)
    return body === undefined ? { ...answer, text: this.#text } : { ...answer, body }
  }

  #keep(block: string): void {
    let name: string | undefined
    const lines: string[] = []
    for (const line of block.split(/\r\n|\n|\r/)) {
      const [, field, value = ''] = /^(event|data): ?(.*)$/.exec(line) ?? []
      if (field === 'event') name = value
      if (field === 'data') lines.push(value)
    }
    if (name === undefined && lines.length === 0) return
    const data = parseJson(lines.join('\n'))
    const isNamed = name !== undefined && name !== (data as { type?: unknown } | null | undefined)?.type
    this.#events.push({
      ...this.#pause(),
      ...(isNamed ? { event: name as string } : {}),
      ...(data === undefined ? { text: lines.join('\n') } : { data }),
    })
  }

  /** The time since the event before. */
  #pause(): { afterMs?: number } {
    const now = performance.now()
    const afterMs = Math.round(now - this.#lastAt)
    this.#lastAt = now
    return this.#keepsPauses && afterMs > 0 ? { afterMs } : {}
  }
}

/** What a JSON text holds; `undefined` if it is none. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
