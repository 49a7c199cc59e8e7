import { applyAssistant } from './assistant.ts'
import { isFields, textOf, type Fields } from './fields.ts'
import { applyLifecycle, promptsOf, startPrompts } from './prompt.ts'
import { appendRaw } from './raw.ts'
import { applyResult } from './result.ts'
import { applyInit } from './session.ts'
import { applyStreamEvent } from './stream.ts'
import { remember, type Transcript } from './transcript.ts'
import { applyUser } from './user.ts'

/** Progress and housekeeping, worth a row only on demand. */
const NOISE = new Set([
  'command_lifecycle',
  'rate_limit_event',
  'tool_progress',
  'system/background_tasks_changed',
  'system/session_state_changed',
  'system/status',
  'system/task_notification',
  'system/task_progress',
  'system/task_started',
  'system/task_updated',
  'system/thinking_tokens',
  'system/ui_invalidate',
])

/** Applies a message of the SDK. A whole message that came before is dropped: the server delivers at least once. */
export function applySdkMessage(before: Transcript, message: unknown): Transcript {
  if (!isFields(message)) return appendRaw(before, 'message without fields', message, false)
  if (message['type'] === 'stream_event') return applyStreamEvent(before, message)
  const uuid = textOf(message['uuid'])
  if (uuid !== undefined && before.seen.includes(uuid)) return before
  const known = uuid === undefined ? before : remember(before, uuid)
  const transcript = message['type'] === 'result' ? known : startPrompts(known, promptsOf(message))
  return applyWhole(transcript, message)
}

function applyWhole(transcript: Transcript, message: Fields): Transcript {
  const label = labelOf(message)
  switch (label) {
    case 'assistant':
      return applyAssistant(transcript, message)
    case 'user':
      return applyUser(transcript, message)
    case 'system/init':
      return applyInit(transcript, message)
    case 'command_lifecycle':
      return appendRaw(applyLifecycle(transcript, message), label, message, true)
    case 'system/session_state_changed':
      return appendRaw({ ...transcript, active: message['state'] !== 'idle' }, label, message, true)
    default:
      if (message['type'] === 'result') return applyResult(transcript, message)
      return appendRaw(transcript, label, message, NOISE.has(label))
  }
}

function labelOf(message: Fields): string {
  const type = textOf(message['type']) ?? 'message without type'
  const subtype = textOf(message['subtype'])
  return type === 'system' && subtype !== undefined ? `${type}/${subtype}` : type
}
