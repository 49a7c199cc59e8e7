import type { Card } from './card.ts'
import { fieldsOf, numberOf, textOf, type Fields } from './fields.ts'
import { append, cardAt, change, without, type LiveMessage, type Transcript } from './transcript.ts'

const MAX_LINES_LENGTH = 200_000

/** Applies a partial message: an event of the model's stream. */
export function applyStreamEvent(before: Transcript, message: Fields, envelope: unknown): Transcript {
  const event = fieldsOf(message['event'])
  const parent = textOf(message['parent_tool_use_id'])
  const id =
    textOf(fieldsOf(event['message'])['id']) ??
    textOf(message['api_message_id']) ??
    before.streaming[parent ?? '']
  if (id === undefined) return before
  let transcript = collect(before, id, parent, envelope)
  if (event['type'] === 'message_start') {
    transcript = {
      ...transcript,
      live: { ...transcript.live, [id]: { ...transcript.live[id]!, stale: false } },
      streaming: { ...transcript.streaming, [parent ?? '']: id },
    }
  }
  const live = transcript.live[id]
  const index = numberOf(event['index'])
  if (live === undefined) return transcript
  if (event['type'] === 'message_stop') return stop(transcript, id, live)
  if (index === undefined) return transcript
  if (event['type'] === 'content_block_start') {
    return startBlock(transcript, id, live, index, parent, fieldsOf(event['content_block']))
  }
  if (event['type'] === 'content_block_delta' && !live.stale) {
    return grow(transcript, live.blocks[index], fieldsOf(event['delta']))
  }
  return transcript
}

/** Keeps the partial message in the row that a streamed message has for them, and begins that row. */
function collect(before: Transcript, id: string, parent: string | undefined, envelope: unknown): Transcript {
  const live = before.live[id]
  const line = `${JSON.stringify(envelope)}\n`
  if (live !== undefined) {
    return change(before, live.rows, 'raw', (card) => ({
      ...card,
      count: card.count + 1,
      lines: card.lines.length > MAX_LINES_LENGTH ? card.lines : card.lines + line,
    }))
  }
  const row: Card = {
    kind: 'raw',
    label: 'stream_event',
    count: 1,
    noise: true,
    lines: line,
    raw: [],
    parent,
  }
  // Until its start is seen, a message may have a gap.
  const begun: LiveMessage = { blocks: {}, rows: before.count, stale: true }
  return { ...append(before, row), live: { ...before.live, [id]: begun } }
}

/** Begins the card of a block; one that begins again, after a reconnect, begins from nothing. */
function startBlock(
  before: Transcript,
  id: string,
  live: LiveMessage,
  index: number,
  parent: string | undefined,
  block: Fields,
): Transcript {
  if (index in live.blocks) return restartBlock(before, live.blocks[index])
  const card = liveCard(block, parent)
  if (card === undefined) return before
  const at = before.count
  const blocks = { ...live.blocks, [index]: at }
  const transcript = { ...append(before, card), live: { ...before.live, [id]: { ...live, blocks } } }
  return card.kind === 'tool'
    ? { ...transcript, openTools: { ...transcript.openTools, [card.toolId]: at } }
    : transcript
}

function restartBlock(before: Transcript, position: number | undefined): Transcript {
  const text = change(before, position, 'text', (card) => ({ ...card, text: '', live: true, cut: false }))
  const thought = change(text, position, 'thinking', (card) => ({ ...card, text: '', live: true }))
  return change(thought, position, 'tool', (card) => ({ ...card, partialInput: '' }))
}

function liveCard(block: Fields, parent: string | undefined): Card | undefined {
  const common = { raw: [], parent }
  const type = textOf(block['type']) ?? ''
  if (type === 'text') {
    return { ...common, kind: 'text', text: '', live: true, cut: false, failed: false }
  }
  if (type === 'thinking') return { ...common, kind: 'thinking', text: '', live: true }
  const toolId = textOf(block['id'])
  if (!type.endsWith('tool_use') || toolId === undefined) return undefined
  return {
    ...common,
    kind: 'tool',
    toolId,
    name: textOf(block['name']) ?? 'tool',
    input: {},
    partialInput: '',
    status: 'writing',
    result: undefined,
  }
}

function grow(before: Transcript, position: number | undefined, delta: Fields): Transcript {
  switch (delta['type']) {
    case 'text_delta':
      return change(before, position, 'text', (card) => ({
        ...card,
        text: card.text + (textOf(delta['text']) ?? ''),
      }))
    case 'thinking_delta':
      return change(before, position, 'thinking', (card) => ({
        ...card,
        text: card.text + (textOf(delta['thinking']) ?? ''),
      }))
    case 'input_json_delta':
      return change(before, position, 'tool', (card) => ({
        ...card,
        partialInput: card.partialInput + (textOf(delta['partial_json']) ?? ''),
      }))
    default:
      return before
  }
}

/** Ends the message: what no whole message has replaced stays as it is. */
function stop(before: Transcript, id: string, live: LiveMessage): Transcript {
  return { ...settle(before, live, live.stale), live: without(before.live, id) }
}

/** Ends every message that is being streamed, because its turn is over. */
export function stopStreams(before: Transcript): Transcript {
  let transcript = before
  for (const live of Object.values(before.live)) transcript = settle(transcript, live, true)
  return { ...transcript, live: {}, streaming: {} }
}

/** Marks what is being streamed as interrupted by a lost connection; its whole message may still come. */
export function interruptStreams(before: Transcript): Transcript {
  let transcript = before
  const stale: Record<string, LiveMessage> = {}
  for (const [id, live] of Object.entries(before.live)) {
    transcript = settle(transcript, live, true)
    stale[id] = { ...live, stale: true }
  }
  return { ...transcript, live: stale }
}

function settle(before: Transcript, live: LiveMessage, cut: boolean): Transcript {
  let transcript = before
  for (const position of Object.values(live.blocks)) {
    transcript = change(transcript, position, 'text', (card) => ({ ...card, live: false, cut }))
    transcript = change(transcript, position, 'thinking', (card) => ({ ...card, live: false }))
  }
  return transcript
}

/** Takes the card that the whole block replaces: the first of its kind. */
export function takeLiveBlock(
  before: Transcript,
  id: string | undefined,
  kind: 'text' | 'thinking',
): { transcript: Transcript; position: number | undefined } {
  const position = positionsOf(before, id).find((at) => cardAt(before, at)?.kind === kind)
  return { transcript: take(before, id, position), position }
}

/** Takes the block of a tool call from those that are being streamed; its card is known by the call's id. */
export function takeLiveTool(before: Transcript, id: string | undefined, toolId: string): Transcript {
  return take(before, id, before.openTools[toolId])
}

function positionsOf(transcript: Transcript, id: string | undefined): number[] {
  const blocks = Object.values(transcript.live[id ?? '']?.blocks ?? {})
  return blocks.filter((position) => position !== undefined)
}

function take(before: Transcript, id: string | undefined, position: number | undefined): Transcript {
  const live = before.live[id ?? '']
  const index = Object.entries(live?.blocks ?? {}).find(([, at]) => at !== undefined && at === position)?.[0]
  if (live === undefined || index === undefined) return before
  const blocks = { ...live.blocks, [index]: undefined }
  return { ...before, live: { ...before.live, [id!]: { ...live, blocks } } }
}
