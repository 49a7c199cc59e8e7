import type { RequestShape, ResultShape } from '../cassette/cassette.ts'
import type { InputBlock, InputMessage, MessagesBody } from '../request/body.ts'
import { blocksOf, textOf } from '../request/body.ts'
import { readScriptedRequest } from '../request/scripted-request.ts'
import { spokenTexts } from '../request/spoken-text.ts'
import { digestOf, steadyText } from './volatile.ts'

/** A request as it is compared, and the folder that its agent works in. */
export interface ShapedRequest {
  shape: RequestShape
  directory: string | undefined
}

/** The shape of a request to the Messages API. `clean` takes secrets out of its texts. */
export function shapeOf(
  method: string,
  path: string,
  value: unknown,
  clean: (text: string) => string,
): ShapedRequest {
  if (!isConversation(value)) return { shape: { method, path }, directory: undefined }
  const { kind, workingDirectory: directory, tools } = readScriptedRequest(value, {}, neverAborted)
  const steady = (text: string) => steadyText(clean(text), directory)
  const messages = value.messages.filter(({ role }) => role !== 'system')
  const answered = messages.findLastIndex(({ role }) => role === 'assistant')
  const latest = messages.slice(answered + 1)
  const spoken = latest.flatMap(spokenTexts)
  const results = resultsOf(latest, messages[answered], steady)
  const shows = latest.flatMap(({ content }) => blocksOf(content)).flatMap(showOf)
  // Where nobody spoke, what the client itself wrote is all that there is.
  const isSilent = spoken.length === 0 && results.length === 0 && shows.length === 0
  const says = isSilent ? latest.map(({ content }) => textOf(content)) : spoken
  return {
    shape: {
      method,
      path,
      kind,
      model: value.model,
      stream: value.stream === true,
      ...(says.length === 0 ? {} : { says: says.map(steady) }),
      ...(results.length === 0 ? {} : { results }),
      ...(shows.length === 0 ? {} : { shows }),
      history: historyOf(messages.slice(0, answered + 1), steady),
      ...(tools.length === 0 ? {} : { tools: tools.toSorted() }),
    },
    directory,
  }
}

const neverAborted = new AbortController().signal

/** Whether a body has what a shape is made of; the API itself says what else is wrong with it. */
function isConversation(value: unknown): value is MessagesBody {
  const body = value as Partial<MessagesBody> | null
  if (typeof body?.model !== 'string' || !Array.isArray(body.messages)) return false
  if (body.tools !== undefined && !(Array.isArray(body.tools) && body.tools.every(isNamed))) return false
  return body.messages.every((message: unknown) => {
    const { role, content } = (message ?? {}) as Partial<InputMessage>
    if (typeof role !== 'string') return false
    return typeof content === 'string' || (Array.isArray(content) && content.every(isBlock))
  })
}

function isNamed(tool: unknown): boolean {
  return typeof (tool as { name?: unknown } | null)?.name === 'string'
}

function isBlock(block: unknown): boolean {
  const {
    type,
    content = '',
    text = '',
    id = '',
    name = '',
    ...more
  } = (block ?? {}) as Record<string, unknown>
  const strings = [type, text, id, name, more['tool_use_id'] ?? '']
  if (strings.some((field) => typeof field !== 'string')) return false
  return (
    typeof content === 'string' ||
    type !== 'tool_result' ||
    (Array.isArray(content) && content.every(isFlatBlock))
  )
}

function isFlatBlock(block: unknown): boolean {
  const { type, text = '' } = (block ?? {}) as Record<string, unknown>
  return typeof type === 'string' && typeof text === 'string'
}

/** The tool results in some messages, in the order of the calls: parallel ones come in any order. */
function resultsOf(
  latest: readonly InputMessage[],
  answer: InputMessage | undefined,
  steady: (text: string) => string,
): ResultShape[] {
  const calls = blocksOf(answer?.content).filter(({ type }) => type === 'tool_use')
  const placeOf = (block: InputBlock) => calls.findIndex(({ id }) => id === block.tool_use_id)
  return latest
    .flatMap(({ content }) => blocksOf(content))
    .filter(({ type }) => type === 'tool_result')
    .toSorted((one, other) => placeOf(one) - placeOf(other))
    .map((block) => ({
      id: block.tool_use_id ?? '',
      tool: calls[placeOf(block)]?.name ?? '',
      ...(block.is_error === true ? { isError: true as const } : {}),
      text: steady(textOf(block.content)),
    }))
}

/** A picture or document, by its type and a digest. */
function showOf(block: InputBlock): string[] {
  if (block.type !== 'image' && block.type !== 'document') return []
  const source = block['source']
  return [`${block.type} ${digestOf(JSON.stringify(source) ?? '')}`]
}

/** How often the speaker changed, and a digest of what they said; of tool results only that they were there. */
function historyOf(messages: readonly InputMessage[], steady: (text: string) => string): string {
  const turns = messages.filter(({ role }, index) => role !== messages[index - 1]?.role).length
  if (turns === 0) return 'none'
  const said = messages.flatMap((message) => {
    if (message.role === 'user') return spokenTexts(message).map(steady)
    const calls = blocksOf(message.content).filter(({ type }) => type === 'tool_use')
    return [steady(textOf(message.content)), ...calls.map(({ id, name }) => `${id} ${name}`)]
  })
  return `${turns} ${digestOf(said.join('\n'))}`
}
