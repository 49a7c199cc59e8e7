import type { Card, TextCard, ToolCard } from './card.ts'
import { fieldsOf, listOf, textOf, type Fields } from './fields.ts'
import { takeLiveBlock, takeLiveTool } from './stream.ts'
import { applyToolResult } from './tool-result.ts'
import { append, change, type Transcript } from './transcript.ts'

const SPOKEN = 300

/** Applies a whole message of the agent; the CLI sends one for each block of the model's message. */
export function applyAssistant(before: Transcript, message: Fields, event: unknown): Transcript {
  const body = fieldsOf(message['message'])
  const id = textOf(body['id'])
  const parent = textOf(message['parent_tool_use_id'])
  let transcript = before
  for (const block of listOf(body['content'])) {
    transcript = applyBlock(transcript, block, { id, parent, message, event })
  }
  return transcript
}

interface Origin {
  id: string | undefined
  parent: string | undefined
  message: Fields
  event: unknown
}

function applyBlock(before: Transcript, block: Fields, origin: Origin): Transcript {
  const type = textOf(block['type']) ?? ''
  if (type === 'text') return applyText(before, block, origin)
  if (type === 'thinking') return applyThinking(before, block, origin)
  if (type.endsWith('tool_use')) return applyToolUse(before, block, origin)
  if (type.endsWith('tool_result')) return applyToolResult(before, block, origin.message, origin.event)
  return append(before, {
    kind: 'raw',
    label: `assistant/${type || 'block without type'}`,
    count: 1,
    noise: false,
    lines: '',
    raw: [origin.event],
    parent: origin.parent,
  })
}

function applyText(before: Transcript, block: Fields, { id, parent, message, event }: Origin): Transcript {
  const { transcript, position } = takeLiveBlock(before, id, 'text')
  const card: TextCard = {
    kind: 'text',
    text: textOf(block['text']) ?? '',
    live: false,
    cut: message['aborted'] === true,
    failed: message['error'] !== undefined && message['error'] !== null,
    raw: [event],
    parent,
  }
  const after = place(transcript, position, card)
  if (parent !== undefined || card.text === '') return after
  return { ...after, answered: true, announcement: card.text.slice(0, SPOKEN) }
}

function applyThinking(before: Transcript, block: Fields, { id, parent, event }: Origin): Transcript {
  const { transcript, position } = takeLiveBlock(before, id, 'thinking')
  const text = textOf(block['thinking']) ?? ''
  return place(transcript, position, { kind: 'thinking', text, live: false, raw: [event], parent })
}

function applyToolUse(before: Transcript, block: Fields, { id, parent, event }: Origin): Transcript {
  const toolId = textOf(block['id']) ?? ''
  const card: ToolCard = {
    kind: 'tool',
    toolId,
    name: textOf(block['name']) ?? 'tool',
    input: fieldsOf(block['input']),
    partialInput: '',
    status: 'running',
    result: undefined,
    raw: [event],
    parent,
  }
  const transcript = takeLiveTool(before, id, toolId)
  const position = transcript.openTools[toolId]
  if (position !== undefined) return place(transcript, position, card)
  return { ...append(transcript, card), openTools: { ...transcript.openTools, [toolId]: transcript.count } }
}

/** Puts the card where its live one stands, or at the end. */
function place(transcript: Transcript, position: number | undefined, card: Card): Transcript {
  return position === undefined
    ? append(transcript, card)
    : change(transcript, position, card.kind, () => card)
}
