import { invalidRequest } from '../errors.ts'
import type { InputBlock, InputMessage, MessagesBody } from './body.ts'
import { checkToolPairs } from './tool-pairs.ts'

/** A body that is a valid message request, or an error that names the first wrong field, as the API's does. */
export function validateMessagesBody(value: unknown, needsMaxTokens: boolean): MessagesBody {
  if (!isObject(value)) throw invalidRequest('Request body must be a JSON object')
  const { model, max_tokens: maxTokens, messages, stream, tools } = value
  requireField(value, 'model')
  if (typeof model !== 'string' || model === '') {
    throw invalidRequest('model: Input should be a valid string')
  }
  if (needsMaxTokens) {
    requireField(value, 'max_tokens')
    if (!Number.isInteger(maxTokens) || (maxTokens as number) < 1) {
      throw invalidRequest('max_tokens: Input should be an integer greater than or equal to 1')
    }
  }
  requireField(value, 'messages')
  if (!Array.isArray(messages)) throw invalidRequest('messages: Input should be a valid array')
  if (messages.length === 0) throw invalidRequest('messages: at least one message is required')
  if (stream !== undefined && typeof stream !== 'boolean') {
    throw invalidRequest('stream: Input should be a valid boolean')
  }
  messages.forEach(checkMessage)
  if ((messages as InputMessage[]).find((message) => message.role !== 'system')?.role !== 'user') {
    throw invalidRequest('messages: first message must use the "user" role')
  }
  checkToolPairs(messages as InputMessage[])
  checkTools(tools)
  return value as unknown as MessagesBody
}

function requireField(value: Record<string, unknown>, field: string): void {
  if (value[field] === undefined) throw invalidRequest(`${field}: Field required`)
}

function checkMessage(message: unknown, index: number): void {
  const at = `messages.${index}`
  if (!isObject(message)) throw invalidRequest(`${at}: Input should be a valid dictionary`)
  if (message['role'] === undefined) throw invalidRequest(`${at}.role: Field required`)
  if (!['user', 'assistant', 'system'].includes(message['role'] as string)) {
    throw invalidRequest(`${at}.role: Input should be 'user' or 'assistant'`)
  }
  const { content } = message
  if (content === undefined) throw invalidRequest(`${at}.content: Field required`)
  if (typeof content === 'string') return
  if (!Array.isArray(content)) throw invalidRequest(`${at}.content: Input should be a valid array`)
  content.forEach((block, place) => checkBlock(block, `${at}.content.${place}`))
}

function checkBlock(block: unknown, at: string): void {
  if (!isObject(block) || typeof block['type'] !== 'string')
    throw invalidRequest(`${at}.type: Field required`)
  const { type, text, id, name, tool_use_id: toolUseId } = block as InputBlock
  if (type === 'text' && typeof text !== 'string') throw invalidRequest(`${at}.text.text: Field required`)
  if (type === 'text' && text === '') throw invalidRequest('messages: text content blocks must be non-empty')
  if (type === 'tool_use' && typeof id !== 'string') throw invalidRequest(`${at}.tool_use.id: Field required`)
  if (type === 'tool_use' && typeof name !== 'string')
    throw invalidRequest(`${at}.tool_use.name: Field required`)
  if (type === 'tool_result' && typeof toolUseId !== 'string') {
    throw invalidRequest(`${at}.tool_result.tool_use_id: Field required`)
  }
}

function checkTools(tools: unknown): void {
  if (tools === undefined) return
  if (!Array.isArray(tools)) throw invalidRequest('tools: Input should be a valid array')
  for (const [index, tool] of tools.entries()) {
    if (!isObject(tool) || typeof tool['name'] !== 'string')
      throw invalidRequest(`tools.${index}.name: Field required`)
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
