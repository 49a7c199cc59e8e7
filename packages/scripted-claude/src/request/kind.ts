import type { MessagesBody } from './body.ts'
import { textOf } from './body.ts'

/**
 * What a request to `/v1/messages` is for. `message` is the conversation; the others are what the CLI asks on its own
 * account: `title` (a name for the session), `summary` (compaction), `notification` (a background task ended; no user
 * spoke), `quota` (may this key be used).
 */
export type RequestKind = 'message' | 'title' | 'summary' | 'notification' | 'quota'

export const requestKinds: readonly RequestKind[] = ['message', 'title', 'summary', 'notification', 'quota']

/** Tells what a request is for, by the marks that the CLI leaves in it. */
export function kindOf(body: MessagesBody, lastUserText: string, isReminderOnly: boolean): RequestKind {
  const hasTools = (body.tools?.length ?? 0) > 0
  if (!hasTools && body.max_tokens === 1 && lastUserText.trim() === 'quota') return 'quota'
  if (!hasTools && asksForTitle(body)) return 'title'
  if (
    /^\s*(CRITICAL: )?.{0,800}Your task is to create a detailed summary of the conversation/s.test(
      lastUserText,
    )
  ) {
    return 'summary'
  }
  return isReminderOnly ? 'notification' : 'message'
}

/** Whether the answer is to be a JSON object whose one field is a title. */
function asksForTitle(body: MessagesBody): boolean {
  const format = (body['output_config'] as { format?: { schema?: { properties?: object } } } | undefined)
    ?.format
  const fields = Object.keys(format?.schema?.properties ?? {})
  if (fields.length === 1 && fields[0] === 'title') return true
  const system = textOf(body.system)
  return /\btitle\b/i.test(system) && /naming a coding session|generate a .{0,40}title/i.test(system)
}
