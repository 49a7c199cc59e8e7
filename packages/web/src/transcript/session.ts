import { textOf, type Fields } from './fields.ts'
import { appendRaw } from './raw.ts'
import { append, type Transcript } from './transcript.ts'

/** Applies the agent's introduction; it comes with each turn and is shown when it says something new. */
export function applyInit(before: Transcript, message: Fields, event: unknown): Transcript {
  const tools = Array.isArray(message['tools']) ? message['tools'].length : 0
  const model = textOf(message['model']) ?? 'unknown model'
  const cwd = textOf(message['cwd']) ?? ''
  const permissionMode = textOf(message['permissionMode']) ?? ''
  const session = JSON.stringify([message['session_id'], model, cwd, tools, permissionMode])
  if (session === before.session) return appendRaw(before, 'system/init', event, true)
  return append(
    { ...before, session, model },
    { kind: 'session', model, cwd, tools, permissionMode, raw: [event], parent: undefined },
  )
}
