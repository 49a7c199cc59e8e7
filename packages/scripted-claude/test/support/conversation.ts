import type { InputBlock, InputMessage, MessagesBody } from '../../src/index.ts'

/** A valid body with one user message, or with the given messages. */
export function bodyOf(messages: string | InputMessage[], more: Partial<MessagesBody> = {}): MessagesBody {
  const list = typeof messages === 'string' ? [user(messages)] : messages
  return { model: 'claude-test-1', max_tokens: 1024, messages: list, ...more }
}

export function user(content: string | InputBlock[]): InputMessage {
  return { role: 'user', content }
}

export function assistant(content: string | InputBlock[]): InputMessage {
  return { role: 'assistant', content }
}

export function system(content: string): InputMessage {
  return { role: 'system', content }
}

export function text(words: string): InputBlock {
  return { type: 'text', text: words }
}

export function reminder(words: string): InputBlock {
  return text(`<system-reminder>\n${words}\n</system-reminder>`)
}

/** A tool call by the model. */
export function toolUse(id: string, name: string, input: Record<string, unknown> = {}): InputBlock {
  return { type: 'tool_use', id, name, input }
}

/** What came of a tool call. */
export function toolResult(id: string, content: string | InputBlock[], isError = false): InputBlock {
  return { type: 'tool_result', tool_use_id: id, content, ...(isError ? { is_error: true } : {}) }
}

/** Definitions of tools with these names. */
export function toolsNamed(...names: string[]): { name: string; input_schema: object }[] {
  return names.map((name) => ({ name, input_schema: { type: 'object' } }))
}
