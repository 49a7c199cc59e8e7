import { AgentServerError } from '@claude-agent/protocol'
import type * as z from 'zod/mini'
import type { RawData } from 'ws'
import { excessOf, holdsTooMany, TOO_MANY } from './complexity.ts'

type Schemas = Record<string, z.ZodMiniType>
type Frame<S extends Schemas> = { [K in keyof S]: z.output<S[K]> }[keyof S]

/**
 * Reads one frame of a socket: text, JSON, of a type that `schemas` has, and right in all fields.
 * @throws AgentServerError `binary_frame`, `frame_too_large`, `invalid_json`, `unknown_type`, `invalid_message`
 */
export function readFrame<S extends Schemas>(
  schemas: S,
  data: RawData,
  isBinary: boolean,
  maxBytes: number,
): Frame<S> {
  if (isBinary)
    throw refused(
      'binary_frame',
      'A binary frame came; frames are JSON text.',
      'Send the JSON as a text frame.',
    )
  const bytes = data as Buffer
  if (bytes.length > maxBytes) {
    throw refused(
      'frame_too_large',
      `A frame of ${bytes.length} bytes came; the limit is ${maxBytes}.`,
      'Raise CLAUDE_AGENT_MAX_FRAME_BYTES, or put the data into a file of the workspace.',
    )
  }
  const tooMany = holdsTooMany(bytes) ? TOO_MANY : undefined
  const value = tooMany === undefined ? parse(bytes.toString('utf8')) : undefined
  const excess = tooMany ?? excessOf(value)
  if (excess !== undefined) {
    throw refused('invalid_message', `A frame ${excess}.`, 'Put the data into a file of the workspace.')
  }
  const type = typeof value === 'object' && value !== null ? (value as { type?: unknown }).type : undefined
  if (typeof type !== 'string' || !Object.hasOwn(schemas, type)) {
    throw refused(
      'unknown_type',
      `Unknown message type: ${brief(type)}.`,
      `The types are ${Object.keys(schemas).join(', ')}.`,
    )
  }
  const result = schemas[type]!.safeParse(value)
  if (result.success) return result.data as Frame<S>
  const issue = result.error.issues[0]!
  throw refused(
    'invalid_message',
    `${type}: ${describeIssue(issue)}`,
    'The fields of each message are in PROTOCOL.md.',
  )
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw refused(
      'invalid_json',
      `Invalid JSON: ${(cause as Error).message}`,
      'Send one JSON object in each frame.',
    )
  }
}

/** Where a value is wrong and how, without the value itself: it may be a secret or huge. */
export function describeIssue(issue: z.core.$ZodIssue): string {
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const path = [...issue.path, ...unknown].map(String).join('.')
  const what = unknown.length > 0 ? 'no such field' : issue.message
  return path === '' ? what : `'${path.length > 100 ? `${path.slice(0, 100)}…` : path}': ${what}`
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? 'none'
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

function refused(
  code: 'binary_frame' | 'frame_too_large' | 'invalid_json' | 'unknown_type' | 'invalid_message',
  message: string,
  hint: string,
): AgentServerError {
  return new AgentServerError({ code, message, hint })
}
