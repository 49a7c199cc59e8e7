import {
  AgentServerError,
  type AskKind,
  type AskResult,
  type CanUseToolData,
  type OpenAsk,
} from '@claude-agent/protocol'
import * as z from 'zod/mini'
import { QUESTION_TOOL } from '../agent/asking.ts'

const object = z.looseObject({})

/** What the SDK's callbacks may return; unknown fields are passed on. */
const RESULTS = {
  can_use_tool: z.discriminatedUnion('behavior', [
    z.looseObject({
      behavior: z.literal('allow'),
      updatedInput: z.optional(object),
      updatedPermissions: z.optional(z.array(object)),
    }),
    z.looseObject({
      behavior: z.literal('deny'),
      message: z.string(),
      interrupt: z.optional(z.boolean()),
    }),
  ]),
  elicitation: z.looseObject({
    action: z.enum(['accept', 'decline', 'cancel']),
    content: z.optional(object),
  }),
  dialog: z.discriminatedUnion('behavior', [
    z.looseObject({ behavior: z.literal('completed'), result: z.unknown() }),
    z.looseObject({ behavior: z.literal('cancelled') }),
  ]),
} satisfies Record<AskKind, unknown>

/** What the CLI takes; several labels of one question are one text, with commas. */
const ANSWERS = z.record(z.string(), z.string()).check(z.refine((answers) => Object.keys(answers).length > 0))

/** What a client may answer with: a result as the SDK's callback would return it, or a reason to decline. */
export interface GivenAnswer {
  result?: unknown
  error?: string | undefined
}

/**
 * The result that an answer stands for.
 * @throws AgentServerError `invalid_answer`
 */
export function readAnswer(
  { kind, data }: Pick<OpenAsk, 'kind' | 'data'>,
  { result, error }: GivenAnswer,
): AskResult {
  if ((result === undefined) === (error === undefined)) {
    throw invalid(
      `An answer has either a 'result' or an 'error'; this one has ${result === undefined ? 'neither' : 'both'}.`,
    )
  }
  if (error !== undefined) return declined(kind, error)
  const read = RESULTS[kind].safeParse(result)
  if (!read.success) {
    const issue = read.error.issues[0]!
    throw invalid(`'${['result', ...issue.path].map(String).join('.')}': ${issue.message}`)
  }
  const accepted = read.data as AskResult
  return kind === 'can_use_tool' ? completed(data as CanUseToolData, accepted) : accepted
}

/** What the agent is told when an ask is declined, by somebody or because nobody answered. */
export function declined(kind: AskKind, reason: string): AskResult {
  if (kind === 'can_use_tool') return { behavior: 'deny', message: reason }
  return kind === 'elicitation' ? { action: 'decline' } : { behavior: 'cancelled' }
}

/** An allowed tool runs with the input that it was asked for, unless another was given; a question needs its answers. */
function completed({ toolName, input }: CanUseToolData, result: AskResult): AskResult {
  if (!('behavior' in result) || result.behavior !== 'allow') return result
  const { updatedInput } = result as { updatedInput?: Record<string, unknown> }
  if (toolName !== QUESTION_TOOL) return { ...result, updatedInput: updatedInput ?? input }
  const answers = updatedInput?.['answers']
  if (!ANSWERS.safeParse(answers).success) {
    throw invalid(
      "'result.updatedInput.answers' must hold an answer to each question, a text by the question's text.",
      'Send {"behavior": "allow", "updatedInput": {"answers": {"<question>": "<label>"}}}.',
    )
  }
  return { ...result, updatedInput: { ...input, ...updatedInput } }
}

function invalid(
  message: string,
  hint = 'What each kind of ask takes is in PROTOCOL.md, Asks.',
): AgentServerError {
  return new AgentServerError({ code: 'invalid_answer', message, hint })
}
