/** A content block as clients send it; only what this server reads is typed. */
export interface InputBlock {
  type: string
  text?: string
  id?: string
  name?: string
  input?: Record<string, unknown>
  tool_use_id?: string
  content?: string | InputBlock[]
  is_error?: boolean
  [field: string]: unknown
}

/** A message as clients send it. The CLI also sends the role `system` in mid-conversation. */
export interface InputMessage {
  role: 'user' | 'assistant' | 'system'
  content: string | InputBlock[]
}

/** The body of `POST /v1/messages`; fields that this server does not read are kept as sent. */
export interface MessagesBody {
  model: string
  max_tokens: number
  messages: InputMessage[]
  system?: string | InputBlock[]
  tools?: { name: string; [field: string]: unknown }[]
  stream?: boolean
  [field: string]: unknown
}

/** The blocks of a message, with a plain string as one text block. */
export function blocksOf(content: string | readonly InputBlock[] | undefined): readonly InputBlock[] {
  if (content === undefined) return []
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content
}

/** The text of some content, its text blocks joined by line breaks. */
export function textOf(content: string | readonly InputBlock[] | undefined): string {
  if (typeof content === 'string') return content
  return blocksOf(content)
    .filter((block) => block.type === 'text')
    .map((block) => block.text ?? '')
    .join('\n')
}
