import type { ToolResult } from './card.ts'
import { fieldsOf, isFields, listOf, textOf, type Fields } from './fields.ts'
import { append, change, without, type Transcript } from './transcript.ts'

const IMAGE_TYPES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])

/** Gives a tool's card its result; the result of a call that is not known gets a card of its own. */
export function applyToolResult(
  before: Transcript,
  block: Fields,
  message: Fields,
  event: unknown,
): Transcript {
  const toolId = textOf(block['tool_use_id']) ?? ''
  const result = readResult(block, message)
  const status = result.failed ? 'failed' : 'done'
  const position = before.openTools[toolId]
  if (position === undefined) {
    return append(before, {
      kind: 'tool',
      toolId,
      name: 'Tool result',
      input: {},
      partialInput: '',
      status,
      result,
      raw: [event],
      parent: textOf(message['parent_tool_use_id']),
    })
  }
  const after = change(before, position, 'tool', (card) => {
    return { ...card, status, result, raw: [...card.raw, event] }
  })
  return { ...after, openTools: without(after.openTools, toolId) }
}

/** Marks the agent's own tool calls that will not get a result any more; those of sub-agents may run on. */
export function interruptTools(before: Transcript): Transcript {
  let transcript = before
  for (const [toolId, position] of Object.entries(before.openTools)) {
    transcript = change(transcript, position, 'tool', (card) => {
      return card.parent === undefined ? { ...card, status: 'interrupted' } : card
    })
    const page = transcript !== before
    if (page) transcript = { ...transcript, openTools: without(transcript.openTools, toolId) }
  }
  return transcript
}

function readResult(block: Fields, message: Fields): ToolResult {
  const content = block['content']
  const parts = listOf(content)
  const texts = parts.map((part) => textOf(part['text'])).filter((text) => text !== undefined)
  return {
    text: typeof content === 'string' ? content : texts.length > 0 ? texts.join('\n') : fallback(content),
    images: parts.map(imageUrl).filter((url) => url !== undefined),
    failed: block['is_error'] === true,
    details: fieldsOf(message['tool_use_result']),
  }
}

function fallback(content: unknown): string {
  const hasImages = listOf(content).some((part) => imageUrl(part) !== undefined)
  if (hasImages || content === undefined || (Array.isArray(content) && content.length === 0)) return ''
  return isFields(content) || Array.isArray(content) ? JSON.stringify(content, null, 2) : ''
}

function imageUrl(part: Fields): string | undefined {
  const source = fieldsOf(part['source'])
  const type = textOf(source['media_type'])
  const data = textOf(source['data'])
  if (part['type'] !== 'image' || type === undefined || data === undefined) return undefined
  return IMAGE_TYPES.has(type) ? `data:${type};base64,${data}` : undefined
}
