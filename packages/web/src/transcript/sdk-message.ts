import { applyAssistant } from './assistant.ts'
import { isFields, textOf, type Fields } from './fields.ts'
import { promptsOf, startPrompts } from './prompt.ts'
import { appendRaw } from './raw.ts'
import { applyResult } from './result.ts'
import { applyInit } from './session.ts'
import { applyStreamEvent } from './stream.ts'
import type { Transcript } from './transcript.ts'
import { applyUser } from './user.ts'

/** Progress and housekeeping, worth a row only on demand. */
const NOISE = new Set([
  'attachment',
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

/** Applies a message of the SDK, with the event that brought it. */
export function applySdkMessage(before: Transcript, event: Fields): Transcript {
  const message = event['data']
  if (!isFields(message)) return appendRaw(before, 'message without fields', event, false)
  if (message['type'] === 'stream_event') return applyStreamEvent(before, message, event)
  const label = labelOf(message)
  const transcript = startPrompts(before, startedBy(message))
  switch (label) {
    case 'assistant':
      return applyAssistant(transcript, message, event)
    case 'user':
      return applyUser(transcript, message, event)
    case 'system/init':
      return applyInit(transcript, message, event)
    default:
      if (message['type'] === 'result') return applyResult(transcript, message, event)
      return appendRaw(transcript, label, event, NOISE.has(label))
  }
}

/** The prompts that run, as a message tells. */
function startedBy(message: Fields): string[] {
  if (message['type'] === 'result') return []
  if (message['type'] !== 'command_lifecycle') return promptsOf(message)
  const uuid = textOf(message['command_uuid'])
  return uuid !== undefined && message['state'] === 'started' ? [uuid] : []
}

function labelOf(message: Fields): string {
  const type = textOf(message['type']) ?? 'message without type'
  const subtype = textOf(message['subtype'])
  return type === 'system' && subtype !== undefined ? `${type}/${subtype}` : type
}
