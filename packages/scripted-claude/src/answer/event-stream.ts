import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { ApiError } from '../errors.ts'
import type { Usage } from '../script/step.ts'
import { createId } from './ids.ts'
import type { AnswerSink, BlockDelta, BlockStart, Completion } from './sink.ts'

/** Bytes, roughly, that are gathered before they are written at once. */
const batchLength = 64 * 1024

/** An answer as server-sent events, in batches; waits for clients that read slowly. */
export class EventStream implements AnswerSink {
  readonly #response: ServerResponse
  readonly #model: string
  readonly #requestId: string
  readonly #signal: AbortSignal
  #waiting = ''
  #blockIndex = -1
  #hasPinged = false
  #lastText: string | undefined
  #lastTextEvent = ''

  constructor(response: ServerResponse, model: string, requestId: string, signal: AbortSignal) {
    this.#response = response
    this.#model = model
    this.#requestId = requestId
    this.#signal = signal
  }

  get isFull(): boolean {
    return this.#waiting.length >= batchLength
  }

  start(usage: Usage): void {
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'request-id': this.#requestId,
    })
    this.#write('message_start', {
      message: {
        id: createId('msg'),
        type: 'message',
        role: 'assistant',
        model: this.#model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { ...usage, service_tier: 'standard' },
      },
    })
  }

  startBlock(block: BlockStart): void {
    this.#blockIndex += 1
    this.#lastText = undefined
    this.#write('content_block_start', { index: this.#blockIndex, content_block: block })
    if (!this.#hasPinged) this.ping()
  }

  delta(delta: BlockDelta): void {
    // Bursts repeat one text many times: its event is encoded once.
    if (delta.type === 'text_delta' && delta.text === this.#lastText) {
      this.#waiting += this.#lastTextEvent
      return
    }
    const event = encodeEvent('content_block_delta', { index: this.#blockIndex, delta })
    if (delta.type === 'text_delta') {
      this.#lastText = delta.text
      this.#lastTextEvent = event
    }
    this.#waiting += event
  }

  endBlock(): void {
    this.#write('content_block_stop', { index: this.#blockIndex })
  }

  ping(): void {
    this.#hasPinged = true
    this.#write('ping', {})
  }

  complete(completion: Completion): void {
    this.#write('message_delta', {
      delta: { stop_reason: completion.stopReason, stop_sequence: completion.stopSequence },
      usage: completion.usage,
    })
    this.#write('message_stop', {})
  }

  /** Tells the client in mid-stream that the answer failed. */
  fail(error: ApiError): void {
    this.#waiting += `event: error\ndata: ${JSON.stringify(error.toBody(this.#requestId))}\n\n`
  }

  /** Leaves half an event on the wire. */
  writeHalfEvent(): void {
    const event = encodeEvent('content_block_delta', {
      index: Math.max(0, this.#blockIndex),
      delta: { type: 'text_delta', text: 'cut' },
    })
    this.#waiting += event.slice(0, event.length / 2)
  }

  async flush(): Promise<void> {
    if (this.#waiting === '') return
    const batch = this.#waiting
    this.#waiting = ''
    if (!this.#response.write(batch)) await once(this.#response, 'drain', { signal: this.#signal })
  }

  #write(type: string, fields: object): void {
    this.#waiting += encodeEvent(type, fields)
  }
}

/** One server-sent event of the Messages API. */
function encodeEvent(type: string, fields: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
}
