import type { Query, SDKMessage, SDKResultMessage, SDKUserMessage } from '@anthropic-ai/claude-agent-sdk'

/** A user's message with a text. */
export function userMessage(content: SDKUserMessage['message']['content']): SDKUserMessage {
  return { type: 'user', message: { role: 'user', content }, parent_tool_use_id: null }
}

/** Prompts that a program hands in while it listens. */
export class Prompts implements AsyncIterable<SDKUserMessage> {
  readonly #waiting: SDKUserMessage[] = []
  #isEnded = false
  #wake: () => void = () => {}

  constructor(...texts: string[]) {
    for (const text of texts) this.say(text)
  }

  say(content: SDKUserMessage['message']['content'], fields: Partial<SDKUserMessage> = {}): void {
    this.#waiting.push({ ...userMessage(content), ...fields })
    this.#wake()
  }

  end(): void {
    this.#isEnded = true
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SDKUserMessage> {
    for (;;) {
      const next = this.#waiting.shift()
      if (next !== undefined) yield next
      else if (this.#isEnded) return
      else await new Promise<void>((wake) => (this.#wake = wake))
    }
  }
}

/** Everything up to the end. */
export async function collect(query: AsyncIterable<SDKMessage>): Promise<SDKMessage[]> {
  const messages: SDKMessage[] = []
  for await (const message of query) messages.push(message)
  return messages
}

/** Messages up to the first that fits, that one included; the query goes on. */
export async function upTo(
  query: Query,
  fits: (message: SDKMessage) => boolean = isResult,
): Promise<SDKMessage[]> {
  const messages: SDKMessage[] = []
  for (;;) {
    const { value, done } = await query.next()
    if (done === true) throw new Error(`It ended before what was waited for: ${shapes(messages)}`)
    messages.push(value)
    if (fits(value)) return messages
  }
}

export function isResult(message: SDKMessage): message is SDKResultMessage {
  return message.type === 'result'
}

/** The one result among messages. */
export function resultOf(messages: SDKMessage[]): SDKResultMessage {
  const results = messages.filter(isResult)
  if (results.length !== 1) throw new Error(`${results.length} results: ${shapes(messages)}`)
  return results[0]!
}

/** What the one result says. */
export function answerOf(messages: SDKMessage[]): string {
  const result = resultOf(messages)
  return result.subtype === 'success' ? result.result : `${result.subtype}: ${result.errors.join('; ')}`
}

/** What kind of message it is: its type, and its subtype where it has one. */
export function shapeOf(message: SDKMessage): string {
  return 'subtype' in message ? `${message.type}/${message.subtype}` : message.type
}

function shapes(messages: SDKMessage[]): string {
  return messages.map(shapeOf).join(', ')
}

/** The texts that the agent said, block by block. */
export function textsOf(messages: SDKMessage[]): string[] {
  return messages.flatMap((message) =>
    message.type === 'assistant'
      ? message.message.content.flatMap((block) => (block.type === 'text' ? [block.text] : []))
      : [],
  )
}

/** The results of tools, as the agent got them: text, and whether it was an error. */
export function toolResultsOf(messages: SDKMessage[]): { text: string; isError: boolean }[] {
  return messages.flatMap((message) => {
    if (message.type !== 'user' || typeof message.message.content === 'string') return []
    return message.message.content.flatMap((block) =>
      block.type === 'tool_result' ? [{ text: textOf(block.content), isError: block.is_error === true }] : [],
    )
  })
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((block: { type: string; text?: string }) => block.text ?? `[${block.type}]`).join('\n')
}

/** Options of an agent that asks for no permission. */
export const FREE = { permissionMode: 'bypassPermissions', allowDangerouslySkipPermissions: true } as const
