import type { SDKPartialAssistantMessage } from '@anthropic-ai/claude-agent-sdk'

interface Block {
  /** Characters that were handed on. */
  given: number
  /** Characters that were said again since the connection came back. */
  repeated: number
  isOver: boolean
}

interface Streamed {
  id: string
  blocks: Map<number, Block>
}

type Delta = Extract<SDKPartialAssistantMessage['event'], { type: 'content_block_delta' }>['delta']

/**
 * The parts of messages that are being streamed, each once. After a drop of the connection the server says again what was
 * said of a message so far, in longer parts: what was handed on already is cut away.
 */
export class StreamParts {
  /** By the tool use that a subagent works for. */
  readonly #messages = new Map<string | null, Streamed>()

  /** The message to hand on, or what is new of it. */
  hear(message: SDKPartialAssistantMessage, isReplayed: boolean): SDKPartialAssistantMessage | undefined {
    const { event, parent_tool_use_id: speaker } = message
    const known = this.#messages.get(speaker)
    if (event.type === 'message_start') {
      const isKnown = isReplayed && known?.id === event.message.id
      if (isKnown) for (const block of known.blocks.values()) block.repeated = 0
      else this.#messages.set(speaker, { id: event.message.id, blocks: new Map() })
      return isKnown ? undefined : message
    }
    if (known === undefined || !('index' in event)) return message
    const block = known.blocks.get(event.index)
    if (event.type === 'content_block_start') {
      known.blocks.set(event.index, block ?? { given: 0, repeated: 0, isOver: false })
      return isReplayed && block !== undefined ? undefined : message
    }
    if (block === undefined) return message
    if (event.type === 'content_block_stop') {
      const wasOver = block.isOver
      block.isOver = true
      return isReplayed && wasOver ? undefined : message
    }
    const rest = takeNew(event.delta, block, isReplayed)
    if (rest === undefined) return undefined
    return rest === event.delta ? message : { ...message, event: { ...event, delta: rest } }
  }
}

/** What of a delta was not handed on yet. */
function takeNew(delta: Delta, block: Block, isReplayed: boolean): Delta | undefined {
  const field = ['text', 'partial_json', 'thinking'].find((name) => name in delta)
  // A signature or a citation: whole at once.
  const text = field === undefined ? undefined : (delta as unknown as Record<string, string>)[field]!
  if (text === undefined) return isReplayed && block.isOver ? undefined : delta
  if (!isReplayed) {
    block.given += text.length
    return delta
  }
  const known = Math.max(0, block.given - block.repeated)
  block.repeated += text.length
  if (known >= text.length) return undefined
  block.given += text.length - known
  return known === 0 ? delta : { ...delta, [field!]: text.slice(known) }
}
