import type { IncomingHttpHeaders } from 'node:http'
import type { InputBlock, InputMessage, MessagesBody } from './body.ts'
import { blocksOf, textOf } from './body.ts'
import type { RequestKind } from './kind.ts'
import { kindOf } from './kind.ts'
import { spokenTexts } from './spoken-text.ts'
import { findWorkingDirectory } from './working-directory.ts'

/** What a tool that the scripted model called gave back. */
export interface ToolResult {
  toolUseId: string
  /** Name of the tool; empty if the conversation holds no such call. */
  tool: string
  /** What the tool was called with. */
  input: Record<string, unknown>
  /** Text of the result, its text blocks joined by line breaks. */
  text: string
  isError: boolean
}

/** A request as rules see it. A turn begins with the last thing that the user said. */
export interface ScriptedRequest {
  readonly kind: RequestKind
  readonly body: MessagesBody
  readonly headers: IncomingHttpHeaders
  readonly model: string
  /** The system prompt and all system messages of the conversation, joined by blank lines. */
  readonly system: string
  /** Names of the tools offered. */
  readonly tools: readonly string[]
  /** The last thing that the user said, without what the client mixed in (reminders, command wrappers). */
  readonly lastUserText: string
  /** Captures of the rule's `lastUserText` pattern, `[0]` being the whole match; empty without a pattern. */
  readonly captures: readonly string[]
  /** Everything said before this turn, tool results included, joined by line breaks. */
  readonly history: string
  /** The results of this turn's tool calls, oldest first. */
  readonly toolResults: readonly ToolResult[]
  /** The last of `toolResults`, unless the last message holds none. */
  readonly toolResult: ToolResult | undefined
  /** How many answers the model has given in this turn already. */
  readonly answered: number
  /** Where the agent works, if the request says so. */
  readonly workingDirectory: string | undefined
  /** Aborted when the client goes or the server is closed. */
  readonly signal: AbortSignal
}

/** The same, while rules are tried on it. */
export interface OpenRequest extends ScriptedRequest {
  captures: readonly string[]
}

/** Reads a valid body as rules see it; costly parts are computed when first asked for. */
export function readScriptedRequest(
  body: MessagesBody,
  headers: IncomingHttpHeaders,
  signal: AbortSignal,
): OpenRequest {
  const { messages } = body
  const start = findTurnStart(messages)
  const lastUserText = lastSpoken(messages[start])
  const turn = messages.slice(start + 1)
  const last = messages.findLast((message) => message.role !== 'system')
  const endsInResult = last !== undefined && turn.includes(last) && resultBlocks(last).length > 0
  const isReminderOnly =
    turn.length > 0 && last?.role === 'user' && turn.includes(last) && resultBlocks(last).length === 0
  const toolResults = readToolResults(turn)
  let system: string | undefined
  let history: string | undefined
  let directory: string | undefined

  return {
    kind: kindOf(body, lastUserText, isReminderOnly),
    body,
    headers,
    model: body.model,
    tools: (body.tools ?? []).map((tool) => tool.name),
    lastUserText,
    captures: [],
    toolResults,
    toolResult: endsInResult ? toolResults.at(-1) : undefined,
    answered: turn.filter((message, index) => {
      return message.role === 'assistant' && turn[index - 1]?.role !== 'assistant'
    }).length,
    signal,
    get system() {
      return (system ??= systemOf(body))
    },
    get history() {
      return (history ??= messages.slice(0, start).map(transcriptOf).join('\n'))
    },
    get workingDirectory() {
      return (directory ??= findWorkingDirectory(body))
    },
  }
}

/** The system prompt and all system messages. */
function systemOf(body: MessagesBody): string {
  const notes = body.messages.filter((message) => message.role === 'system')
  return [textOf(body.system), ...notes.map((message) => textOf(message.content))].join('\n\n')
}

/** The index of the message in which the user spoke last; the first user message if none did. */
function findTurnStart(messages: readonly InputMessage[]): number {
  const spoken = messages.findLastIndex(isSpoken)
  return spoken >= 0 ? spoken : messages.findIndex((message) => message.role === 'user')
}

/** Whether the user speaks in a message, in words or by a picture or document. */
function isSpoken(message: InputMessage): boolean {
  if (message.role !== 'user') return false
  const shows = blocksOf(message.content).some((block) => ['image', 'document'].includes(block.type))
  return shows || spokenTexts(message).length > 0
}

/** The last text in which the user spoke; failing that, the last text as it is. */
function lastSpoken(message: InputMessage | undefined): string {
  if (message === undefined) return ''
  return spokenTexts(message).at(-1) ?? textOf(message.content)
}

/** The tool results in the turn's messages, each with the call that it answers. */
function readToolResults(turn: readonly InputMessage[]): ToolResult[] {
  const calls = new Map<string, InputBlock>()
  for (const message of turn) {
    if (message.role !== 'assistant') continue
    for (const block of blocksOf(message.content)) {
      if (block.type === 'tool_use' && block.id !== undefined) calls.set(block.id, block)
    }
  }
  return turn.flatMap(resultBlocks).map((block) => {
    const call = calls.get(block.tool_use_id ?? '')
    return {
      toolUseId: block.tool_use_id ?? '',
      tool: call?.name ?? '',
      input: call?.input ?? {},
      text: textOf(block.content),
      isError: block.is_error === true,
    }
  })
}

/** The tool results in a message. */
function resultBlocks(message: InputMessage): InputBlock[] {
  if (message.role !== 'user') return []
  return blocksOf(message.content).filter((block) => block.type === 'tool_result')
}

/** What a message says, with tool results and without reminders. */
function transcriptOf(message: InputMessage): string {
  if (message.role === 'system') return ''
  if (message.role === 'assistant') return textOf(message.content)
  const results = resultBlocks(message).map((block) => textOf(block.content))
  return [...results, ...spokenTexts(message)].join('\n')
}
