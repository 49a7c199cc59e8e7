import { fieldsOf, isFields, textOf, type Fields } from './fields.ts'
import { addPrompt, endPrompts, unsettlePrompts } from './prompt.ts'
import { appendRaw } from './raw.ts'
import { applySdkMessage } from './sdk-message.ts'
import { interruptStreams, stopStreams } from './stream.ts'
import { interruptTools } from './tool-result.ts'
import { append, cardAt, change, runningPrompts, type Transcript } from './transcript.ts'

const MAX_INFO_LENGTH = 20_000

/** What can happen to a transcript. */
export type Happening =
  | { type: 'frame'; frame: unknown }
  | { type: 'prompt'; uuid: string; text: string; message: unknown }
  | { type: 'disconnected' }
  | { type: 'notice'; text: string }

/** The transcript after a happening. Never throws: what cannot be read becomes a row that says so. */
export function reduce(before: Transcript, happening: Happening): Transcript {
  try {
    return apply(before, happening)
  } catch (error) {
    return appendRaw(before, `unreadable (${String(error)})`, happening, false)
  }
}

function apply(before: Transcript, happening: Happening): Transcript {
  switch (happening.type) {
    case 'frame':
      return applyFrame(before, happening.frame)
    case 'prompt':
      return addPrompt(before, happening.uuid, happening.text, happening.message)
    case 'disconnected':
      return { ...unsettlePrompts(interruptStreams(before)), active: false }
    case 'notice':
      return append(before, { kind: 'notice', text: happening.text, raw: [], parent: undefined })
  }
}

function applyFrame(before: Transcript, frame: unknown): Transcript {
  const fields = fieldsOf(frame)
  switch (fields['type']) {
    case 'sdk_message':
      return applySdkMessage(before, fields['data'])
    case 'connected':
      return appendRaw(before, 'connected', frame, true)
    case 'info':
      return applyInfo(before, fields)
    case 'error':
      return applyError(settleRefused(before, fields), fields)
    default:
      return appendRaw(before, isFields(frame) ? (textOf(fields['type']) ?? 'frame') : 'frame', frame, false)
  }
}

/** stderr comes in pieces: one card takes those that follow each other. */
function applyInfo(before: Transcript, frame: Fields): Transcript {
  const text = textOf(frame['data']) ?? JSON.stringify(frame['data'] ?? '')
  const last = before.count - 1
  const card = before.count === 0 ? undefined : cardAt(before, last)
  if (card?.kind === 'info' && card.text.length < MAX_INFO_LENGTH) {
    return change(before, last, 'info', (info) => ({
      ...info,
      text: `${info.text.replace(/\n$/, '')}\n${text}`,
      raw: [...info.raw, frame],
    }))
  }
  return append(before, { kind: 'info', text, raw: [frame], parent: undefined })
}

function applyError(before: Transcript, frame: Fields): Transcript {
  const message = textOf(frame['error']) ?? 'The server reported an error without words.'
  const hint = textOf(frame['hint'])
  const code = textOf(frame['code'])
  const after = append(before, { kind: 'error', code, message, hint, raw: [frame], parent: undefined })
  return { ...after, announcement: message }
}

/** An error frame names no prompt, so its code tells which one has ended by it. */
function settleRefused(before: Transcript, frame: Fields): Transcript {
  const running = runningPrompts(before)
  switch (frame['code']) {
    case 'frame_too_large':
    case 'invalid_message':
    case 'no_model_access':
    case 'queue_full':
    case 'server_stopping':
    case 'storage_full': {
      const newest = before.waiting.at(-1)?.uuid ?? running.at(-1)
      return newest === undefined ? before : endPrompts(before, [newest], 'failed')
    }
    case 'agent_exited':
    case 'agent_start_failed':
    case 'prompt_interrupted':
      return { ...interruptTools(stopStreams(endPrompts(before, running, 'failed'))), active: false }
    default:
      return before
  }
}
