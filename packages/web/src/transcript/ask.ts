import type { AskKind, AskOutcome } from '@claude-agent/protocol'
import type { AskCard } from './card.ts'
import { fieldsOf, textOf, type Fields } from './fields.ts'
import { appendRaw } from './raw.ts'
import { append, cardAt, change, without, type Transcript } from './transcript.ts'

/** Adds a card for something that somebody must answer; of an ask that is open already nothing changes. */
export function applyAsk(before: Transcript, event: Fields): Transcript {
  const ask = textOf(event['ask'])
  const askKind = textOf(event['kind']) as AskKind | undefined
  if (ask === undefined || askKind === undefined) return appendRaw(before, 'ask', event, false)
  if (before.openAsks[ask] !== undefined) return before
  const card: AskCard = {
    kind: 'ask',
    ask,
    askKind,
    data: fieldsOf(event['data']),
    settled: undefined,
    raw: [event],
    parent: undefined,
  }
  return {
    ...append(markTool(before, card.data, 'asking'), card),
    openAsks: { ...before.openAsks, [ask]: before.count },
    announcement: `The agent needs an answer: ${titleOf(card)}`,
  }
}

/** Tells on the card of an ask how it was settled. */
export function applyAskSettled(before: Transcript, event: Fields): Transcript {
  const ask = textOf(event['ask']) ?? ''
  const position = before.openAsks[ask]
  if (position === undefined) return appendRaw(before, 'ask_settled', event, true)
  const settled = {
    outcome: (textOf(event['outcome']) ?? 'cancelled') as AskOutcome,
    by: textOf(event['by']),
    result: fieldsOf(event['result']),
  }
  const card = cardAt(before, position)
  const released = card?.kind === 'ask' ? markTool(before, card.data, 'running') : before
  const after = change(released, position, 'ask', (open) => ({ ...open, settled, raw: [...open.raw, event] }))
  return { ...after, openAsks: without(after.openAsks, ask) }
}

/** Shows on the card of a tool call that it waits for an ask, or not any more. */
function markTool(before: Transcript, data: Fields, status: 'asking' | 'running'): Transcript {
  const position = before.openTools[textOf(data['toolUseID']) ?? '']
  return change(before, position, 'tool', (card) => ({ ...card, status }))
}

/** Whether the agent asks a person something, rather than for a permission. */
export function isQuestion({ askKind, data }: Pick<AskCard, 'askKind' | 'data'>): boolean {
  return askKind === 'can_use_tool' && data['toolName'] === 'AskUserQuestion'
}

/** What an ask is about, in a line. */
export function titleOf(card: Pick<AskCard, 'askKind' | 'data'>): string {
  const { askKind, data } = card
  if (isQuestion(card)) return 'a question'
  if (askKind === 'can_use_tool') {
    return textOf(data['title']) ?? `Allow ${textOf(data['displayName']) ?? textOf(data['toolName'])}?`
  }
  if (askKind === 'dialog') return textOf(data['dialogKind']) ?? 'A dialog'
  return textOf(data['title']) ?? `${textOf(data['serverName']) ?? 'An MCP server'} asks`
}
