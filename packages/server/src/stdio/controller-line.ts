import { AgentServerError, type UserMessageInput } from '@claude-agent/protocol'
import { userMessageInput } from '@claude-agent/protocol/schema'
import * as z from 'zod/mini'
import { excessOf, holdsTooMany, TOO_MANY } from '../transport/complexity.ts'
import { describeIssue } from '../transport/frame.ts'

type Fields = Record<string, unknown>

/** A line of a controller that may be passed on, once it was judged; with a `fault` it is answered with that. */
export type ControllerLine = { fault?: AgentServerError } & (
  | { type: 'user'; message: UserMessageInput }
  | { type: 'request'; id: string; request: Fields }
  | { type: 'response'; id: string; response: Fields }
  | { type: 'cancel'; id: string }
)

const id = z.string().check(z.minLength(1), z.maxLength(200))

/** The lines that an SDK writes. The CLI knows more, which are for others: it takes variables of its environment that way. */
const LINES = {
  user: userMessageInput,
  control_request: z.looseObject({ request_id: id, request: z.looseObject({ subtype: z.string() }) }),
  control_response: z.looseObject({
    response: z.discriminatedUnion('subtype', [
      z.object({ subtype: z.literal('success'), request_id: id, response: z.optional(z.unknown()) }),
      z.object({ subtype: z.literal('error'), request_id: id, error: z.string() }),
    ]),
  }),
  control_cancel_request: z.looseObject({ request_id: id }),
}

/**
 * Reads a line; undefined for one that needs nothing.
 * @throws AgentServerError `line_too_long`, `invalid_json`, `unknown_type`, `invalid_message`
 */
export function readControllerLine(bytes: Buffer | undefined, maxBytes: number): ControllerLine | undefined {
  if (bytes === undefined)
    throw wrong(
      'line_too_long',
      `A line is longer than ${maxBytes} bytes.`,
      'Put the data into a file of the workspace.',
    )
  if (isBlank(bytes)) return undefined
  const value = holdsTooMany(bytes) ? undefined : parse(bytes)
  const excess = value === undefined ? TOO_MANY : excessOf(value)
  if (excess !== undefined)
    throw wrong('invalid_message', `A line ${excess}.`, 'Put the data into a file of the workspace.')
  const line = (typeof value === 'object' && value !== null ? value : {}) as Fields
  const { type } = line
  // The token was looked at before; where none is needed, it still comes.
  if (type === 'keep_alive' || type === 'auth') return undefined
  if (typeof type !== 'string' || !Object.hasOwn(LINES, type))
    throw wrong(
      'unknown_type',
      `A line has the type ${(JSON.stringify(type) ?? 'none').slice(0, 60)}.`,
      `The types are ${Object.keys(LINES).join(', ')}.`,
    )
  const result = LINES[type as keyof typeof LINES].safeParse(line)
  if (result.success) return toLine(type as keyof typeof LINES, result.data)
  const issue = describeIssue(result.error.issues[0]!)
  const fault = wrong('invalid_message', `${type}: ${issue}`, 'Use the official SDK.')
  // Whoever waits for an answer to it gets that in the words that he understands.
  if (type === 'user') return { type, message: {} as UserMessageInput, fault }
  const name = id.safeParse(line['request_id'])
  if (type === 'control_request' && name.success)
    return { type: 'request', id: name.data, request: {}, fault }
  throw fault
}

function toLine(type: keyof typeof LINES, line: Fields): ControllerLine {
  switch (type) {
    case 'user':
      return { type, message: line as unknown as UserMessageInput }
    case 'control_request':
      return { type: 'request', id: line['request_id'] as string, request: line['request'] as Fields }
    case 'control_response': {
      const response = line['response'] as Fields
      return { type: 'response', id: response['request_id'] as string, response }
    }
    case 'control_cancel_request':
      return { type: 'cancel', id: line['request_id'] as string }
  }
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown
  } catch (cause) {
    throw wrong(
      'invalid_json',
      `A line is not JSON: ${(cause as Error).message}`,
      'Send one JSON object in each line.',
    )
  }
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x0a || byte === 0x0d || byte === 0x20 || byte === 0x09)
}

function wrong(
  code: 'line_too_long' | 'invalid_json' | 'unknown_type' | 'invalid_message',
  message: string,
  hint: string,
): AgentServerError {
  return new AgentServerError({ code, message, hint })
}
