import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import type { Frame } from './frame.ts'
import { Heard } from './heard.ts'

/** A reader of server-sent events, as the standard has it, with a cursor to come back with. */
export class EventStream extends Heard {
  /** The id of the last event that had one: what an `EventSource` sends as `Last-Event-ID`. */
  lastEventId: string | undefined
  readonly comments: string[] = []
  readonly ended: Promise<void>
  readonly #request: ClientRequest
  #answer: IncomingMessage | undefined

  constructor(url: string, lastEventId?: string, headers: Record<string, string> = {}) {
    super()
    this.lastEventId = lastEventId
    const resumption = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
    this.#request = request(url, { headers: { accept: 'text/event-stream', ...resumption, ...headers } })
    this.#request.on('error', () => {})
    this.ended = new Promise((resolve) => {
      this.#request.once('close', () => {
        resolve()
        this.end()
      })
    })
    this.#request.once('response', (answer) => {
      this.#answer = answer
      let text = ''
      answer.on('error', () => {})
      answer.setEncoding('utf8').on('data', (part: string) => {
        const blocks = (text + part).split('\n\n')
        text = blocks.pop()!
        for (const block of blocks) this.#read(block)
      })
    })
    this.#request.end()
  }

  /** Stops taking anything from the network, as a client that hangs. */
  stall(): void {
    this.#answer?.pause()
  }

  goOn(): void {
    this.#answer?.resume()
  }

  terminate(): void {
    this.#request.destroy()
  }

  #read(block: string): void {
    const fields = block.split('\n').map((line) => line.split(/: ?(.*)/s) as [string, string])
    this.comments.push(...fields.flatMap(([name, value]) => (name === '' ? [value] : [])))
    const data = fields.flatMap(([name, value]) => (name === 'data' ? [value] : []))
    const id = fields.find(([name]) => name === 'id')?.[1]
    if (id !== undefined) this.lastEventId = id
    if (data.length > 0) this.hear(JSON.parse(data.join('\n')) as Frame)
  }
}
