import { createId } from './ids.ts'
import type { AnswerSink, BlockDelta, BlockStart, Completion } from './sink.ts'

/** A content block while its pieces come in. */
interface OpenBlock {
  start: BlockStart
  pieces: string[]
  signature: string
}

/** An answer as one JSON message, for requests without `stream`. */
export class WholeMessage implements AnswerSink {
  readonly isFull = false
  readonly #model: string
  readonly #blocks: OpenBlock[] = []
  #completion: Completion | undefined

  constructor(model: string) {
    this.#model = model
  }

  start(): void {}

  startBlock(block: BlockStart): void {
    this.#blocks.push({ start: block, pieces: [], signature: '' })
  }

  delta(delta: BlockDelta): void {
    const block = this.#blocks.at(-1)
    if (block === undefined) return
    if (delta.type === 'signature_delta') block.signature = delta.signature
    else if (delta.type === 'text_delta') block.pieces.push(delta.text)
    else if (delta.type === 'thinking_delta') block.pieces.push(delta.thinking)
    else block.pieces.push(delta.partial_json)
  }

  endBlock(): void {}

  ping(): void {}

  complete(completion: Completion): void {
    this.#completion = completion
  }

  async flush(): Promise<void> {}

  /** The message, once complete. */
  toJson(): object {
    return {
      id: createId('msg'),
      type: 'message',
      role: 'assistant',
      model: this.#model,
      content: this.#blocks.map(contentOf),
      stop_reason: this.#completion?.stopReason ?? null,
      stop_sequence: this.#completion?.stopSequence ?? null,
      usage: { ...this.#completion?.usage, service_tier: 'standard' },
    }
  }
}

/** A content block with all its pieces. */
function contentOf(block: OpenBlock): object {
  const whole = block.pieces.join('')
  if (block.start.type === 'text') return { type: 'text', text: whole }
  if (block.start.type === 'thinking')
    return { type: 'thinking', thinking: whole, signature: block.signature }
  return { ...block.start, input: JSON.parse(whole) as unknown }
}
