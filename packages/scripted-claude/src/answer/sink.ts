import type { StopReason, Usage } from '../script/step.ts'

/** The start of a content block, as in `content_block_start`. */
export type BlockStart =
  | { type: 'text'; text: '' }
  | { type: 'thinking'; thinking: ''; signature: '' }
  | { type: 'tool_use'; id: string; name: string; input: Record<string, never> }

/** One delta of a content block, as in `content_block_delta`. */
export type BlockDelta =
  | { type: 'text_delta'; text: string }
  | { type: 'thinking_delta'; thinking: string }
  | { type: 'signature_delta'; signature: string }
  | { type: 'input_json_delta'; partial_json: string }

/** How an answer ends well. */
export interface Completion {
  stopReason: StopReason
  stopSequence: string | null
  usage: Usage
}

/** Takes an answer piece by piece: one sink streams it, the other makes it one JSON message. */
export interface AnswerSink {
  /** Begins the message; called once, before anything else. */
  start(usage: Usage): void
  startBlock(block: BlockStart): void
  delta(delta: BlockDelta): void
  endBlock(): void
  ping(): void
  /** Ends the message. */
  complete(completion: Completion): void
  /** Whether so much is waiting that it should be flushed. */
  readonly isFull: boolean
  /** Hands what is waiting to the client; resolves when the client keeps up. */
  flush(): Promise<void>
}
