import { fieldsOf, listOf, textOf, type Fields } from './fields.ts'
import { isOpen } from './prompt.ts'
import { applyToolResult } from './tool-result.ts'
import { append, type Transcript } from './transcript.ts'

const INTERRUPTED = /^\[Request interrupted by user/

/** Applies a message in the user's name: results of tools, or text that is no prompt of a client. */
export function applyUser(before: Transcript, message: Fields, event: unknown): Transcript {
  const content = fieldsOf(message['message'])['content']
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : listOf(content)
  let transcript = before
  const texts: string[] = []
  for (const block of blocks) {
    if ((textOf(block['type']) ?? '').endsWith('tool_result')) {
      transcript = applyToolResult(transcript, block, message, event)
    } else {
      const text = textOf(block['text'])
      texts.push(text ?? `(${textOf(block['type']) ?? 'a block without type'})`)
    }
  }
  return texts.length === 0 ? transcript : applyText(transcript, texts.join('\n\n'), message, event)
}

function applyText(before: Transcript, text: string, message: Fields, event: unknown): Transcript {
  const uuid = textOf(message['uuid'])
  const parent = textOf(message['parent_tool_use_id'])
  if (uuid !== undefined && isOpen(before, uuid)) return before
  if (INTERRUPTED.test(text)) {
    return append(before, { kind: 'notice', text: 'Interrupted by the user.', raw: [event], parent })
  }
  return append(before, { kind: 'prompt', uuid: undefined, text, status: 'done', raw: [event], parent })
}
