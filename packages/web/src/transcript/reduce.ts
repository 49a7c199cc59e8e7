import type { SessionInfo, SessionStatus } from '@claude-agent/protocol'
import { applyAsk, applyAskSettled } from './ask.ts'
import { fieldsOf, isFields, numberOf, textOf, type Fields } from './fields.ts'
import { addSending, applyPromptEnded, applyUserMessage, endPrompts, endUnsent } from './prompt.ts'
import { appendRaw } from './raw.ts'
import { applySdkMessage } from './sdk-message.ts'
import { interruptStreams, stopStreams } from './stream.ts'
import { interruptTools } from './tool-result.ts'
import { append, cardAt, change, EMPTY_TRANSCRIPT, isBusy, type Transcript } from './transcript.ts'

const MAX_INFO_LENGTH = 20_000

/** What can happen to a transcript. */
export type Happening =
  | { type: 'event'; event: unknown }
  /** This page is about to send a prompt; its event comes once it is accepted. */
  | { type: 'sending'; uuid: string; text: string; message: unknown }
  /** The server did not take the prompt. */
  | { type: 'unsent'; uuid: string }
  | { type: 'disconnected' }
  /** The server has another list of events now, which follows from its start. */
  | { type: 'replaced' }
  /** How the session is after the last event that was told. */
  | { type: 'known'; info: SessionInfo }
  | { type: 'notice'; text: string }
  /** Something failed on this page. */
  | { type: 'error'; error: Fields }

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
    case 'event':
      return applyEvent(before, happening.event)
    case 'sending':
      return addSending(before, happening.uuid, happening.text, happening.message)
    case 'unsent':
      return endUnsent(before, happening.uuid)
    case 'disconnected':
      return interruptStreams(before)
    case 'replaced':
      return { ...EMPTY_TRANSCRIPT, waiting: before.waiting.filter(({ status }) => status === 'sending') }
    case 'known':
      return reconcile(before, happening.info)
    case 'notice':
      return notice(before, happening.text)
    case 'error':
      return applyError(before, happening.error)
  }
}

function applyEvent(before: Transcript, event: unknown): Transcript {
  const fields = fieldsOf(event)
  const type = textOf(fields['type'])
  switch (type) {
    case 'user_message':
      return applyUserMessage(before, fields)
    case 'prompt_ended':
      return endTurn(applyPromptEnded(appendRaw(before, type, event, true), fields))
    case 'sdk_message':
      return applySdkMessage(before, fields)
    case 'ask':
      return applyAsk(before, fields)
    case 'ask_settled':
      return applyAskSettled(before, fields)
    case 'status':
      return appendRaw(applyStatus(before, fields), type, event, true)
    case 'agent_started':
    case 'session_updated':
      return appendRaw(before, type, event, true)
    case 'agent_exited':
      return applyAgentExited(before, fields)
    case 'info':
      return applyInfo(before, fields)
    case 'error':
      return applyError(before, fields)
    case 'caught_up':
      return { ...before, caughtUp: true }
    case 'gap':
      return notice(before, 'Older history is not kept.', event)
    default:
      return appendRaw(before, isFields(event) ? (type ?? 'event') : 'event', event, false)
  }
}

/** After the last prompt nothing of its turn goes on, however it ended. */
function endTurn(before: Transcript): Transcript {
  return isBusy(before) ? before : interruptTools(stopStreams(before))
}

/** Adds what the kept history does not tell any more: open asks, and that nothing runs. */
function reconcile(before: Transcript, info: SessionInfo): Transcript {
  const asked = info.asks.reduce<Transcript>((transcript, ask) => applyAsk(transcript, { ...ask }), before)
  const { status, position } = info
  const isOver = status === 'idle' || status === 'failed'
  const ended = isOver ? endPrompts(asked, Object.keys(asked.openPrompts)) : asked
  return { ...ended, status, position }
}

function applyStatus(before: Transcript, event: Fields): Transcript {
  const status = textOf(event['status']) as SessionStatus | undefined
  return { ...before, status, position: numberOf(event['position']) }
}

/** An end that the server brought about is no news; an answer that was being written stays cut off. */
function applyAgentExited(before: Transcript, event: Fields): Transcript {
  const after = stopStreams(before)
  if (textOf(event['reason']) !== undefined) return appendRaw(after, 'agent_exited', event, true)
  return notice(after, `The agent's process ended: ${textOf(event['cause']) ?? 'nobody knows why'}.`, event)
}

function notice(before: Transcript, text: string, event?: unknown): Transcript {
  const raw = event === undefined ? [] : [event]
  return append(before, { kind: 'notice', text, raw, parent: undefined })
}

/** stderr comes in pieces: one card takes those that follow each other. */
function applyInfo(before: Transcript, event: Fields): Transcript {
  const text = textOf(event['data']) ?? JSON.stringify(event['data'] ?? '')
  const last = before.count - 1
  const card = before.count === 0 ? undefined : cardAt(before, last)
  if (card?.kind === 'info' && card.text.length < MAX_INFO_LENGTH) {
    return change(before, last, 'info', (info) => ({
      ...info,
      text: `${info.text.replace(/\n$/, '')}\n${text}`,
      raw: [...info.raw, event],
    }))
  }
  return append(before, { kind: 'info', text, raw: [event], parent: undefined })
}

function applyError(before: Transcript, event: Fields): Transcript {
  const message = textOf(event['error']) ?? 'The server reported an error without words.'
  const hint = textOf(event['hint'])
  const code = textOf(event['code'])
  const after = append(before, { kind: 'error', code, message, hint, raw: [event], parent: undefined })
  return { ...after, announcement: message }
}
