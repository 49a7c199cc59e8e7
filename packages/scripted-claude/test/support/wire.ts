import { onTestFinished } from 'vitest'
import type { MessagesBody, RunningServer } from '../../src/index.ts'
import { bodyOf } from './conversation.ts'

/** A server-sent event as it stood on the wire. */
export interface WireEvent {
  event: string
  data: WireData
}

/** The fields of all kinds of events; which of them an event has is what the tests assert on. */
interface WireData {
  type: string
  index: number
  message: { id: string; usage: Record<string, number> }
  content_block: { type: string; id: string; name: string }
  delta: Partial<Record<DeltaField, string>>
  usage: Record<string, number>
  error: { type: string; message: string }
}

/** The fields of all kinds of deltas. */
type DeltaField =
  | 'type'
  | 'text'
  | 'thinking'
  | 'signature'
  | 'partial_json'
  | 'stop_reason'
  | 'stop_sequence'

/** A message, or an error, as JSON. */
export interface Answer {
  content: {
    type: string
    text?: string
    thinking?: string
    name?: string
    input?: Record<string, unknown>
  }[]
  stop_reason: string
  usage: Record<string, number>
  error: { type: string; message: string }
}

/** Posts to `/v1/messages`; the request ends with the test at the latest. */
export function post(
  claude: RunningServer,
  body: MessagesBody | string,
  more: { headers?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<Response> {
  const aborter = new AbortController()
  onTestFinished(() => aborter.abort())
  const signal = more.signal === undefined ? aborter.signal : AbortSignal.any([aborter.signal, more.signal])
  return fetch(`${claude.url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', ...more.headers },
    body: JSON.stringify(typeof body === 'string' ? bodyOf(body) : body),
    signal,
  })
}

/** Posts with `stream: true`. */
export function postStream(claude: RunningServer, body: MessagesBody | string = 'go'): Promise<Response> {
  return post(claude, { ...(typeof body === 'string' ? bodyOf(body) : body), stream: true })
}

/** The events of a streamed answer to a prompt. */
export async function streamEvents(
  claude: RunningServer,
  body: MessagesBody | string = 'go',
): Promise<WireEvent[]> {
  return parseEvents(await (await postStream(claude, body)).text())
}

/** The JSON of an answer that is not streamed. */
export async function ask(claude: RunningServer, body: MessagesBody | string = 'go'): Promise<Answer> {
  return (await (await post(claude, body)).json()) as Answer
}

/** The text that a request is answered with. */
export async function askText(claude: RunningServer, body: MessagesBody | string = 'go'): Promise<string> {
  const answer = await ask(claude, body)
  return (answer.content ?? []).map((block) => block.text ?? '').join('')
}

/** Takes a stream apart, strictly: two lines an event, `event:` and `data:`, then an empty line. */
export function parseEvents(wire: string): WireEvent[] {
  if (!wire.endsWith('\n\n'))
    throw new Error(`The stream does not end with an empty line: ${wire.slice(-80)}`)
  return wire
    .slice(0, -2)
    .split('\n\n')
    .map((event) => {
      const found = /^event: (\w+)\ndata: ([^\r\n]*)$/.exec(event)
      if (found === null) throw new Error(`Not an event: ${event}`)
      return { event: found[1] ?? '', data: JSON.parse(found[2] ?? '') as WireData }
    })
}

/** The names of events, runs of deltas as one. */
export function namesOf(events: readonly WireEvent[]): string[] {
  const names = events.map(({ event }) => event)
  return names.filter((name, index) => name !== 'content_block_delta' || names[index - 1] !== name)
}

/** The deltas of the given field, joined. */
export function joinDeltas(events: readonly WireEvent[], field: DeltaField): string {
  return events.map(({ data }) => data.delta?.[field] ?? '').join('')
}

/** Reads a streamed answer bit by bit. */
export class WireReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #decoder = new TextDecoder()
  /** All that was read so far. */
  text = ''

  constructor(response: Response) {
    this.#reader = (response.body as ReadableStream<Uint8Array>).getReader()
  }

  /** Reads until the text so far contains `words`; gives all of it. */
  async until(words: string): Promise<string> {
    while (!this.text.includes(words)) {
      if (!(await this.#readMore())) throw new Error(`The stream ended before '${words}': ${this.text}`)
    }
    return this.text
  }

  /** Reads to the end; rejects if the connection breaks before. */
  async end(): Promise<string> {
    while (await this.#readMore());
    return this.text
  }

  cancel(): Promise<void> {
    return this.#reader.cancel()
  }

  async #readMore(): Promise<boolean> {
    const { value, done } = await this.#reader.read()
    if (value !== undefined) this.text += this.#decoder.decode(value, { stream: true })
    return !done
  }
}

/** Posts with `stream: true` and reads the answer bit by bit. */
export async function openStream(
  claude: RunningServer,
  body: MessagesBody | string = 'go',
): Promise<WireReader> {
  return new WireReader(await postStream(claude, body))
}
