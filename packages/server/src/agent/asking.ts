import type { Options, PermissionResult } from '@anthropic-ai/claude-agent-sdk'
import type { AskData, AskKind, AskResult, CanUseToolData } from '@claude-agent/protocol'

/** The tool by which the agent asks the user. */
export const QUESTION_TOOL = 'AskUserQuestion'

/** What an agent that works for a session asks it. None of these may throw: an error would count as the answer. */
export interface Asking {
  /** Resolves with what the agent is to be told, however long that takes. */
  ask(kind: AskKind, data: AskData, signal: AbortSignal): Promise<AskResult>
  /**
   * The agent is about to ask the user. `defer`: the turn ends here, the process is not needed until the answer is
   * there. `pass`: the answer is there. `refuse`: another question of this turn is open.
   */
  onQuestion(toolUseId: string): Promise<'defer' | 'pass' | 'refuse'>
  /** What was answered about a tool on which a turn ended for now; a hook of the workspace can defer any tool. */
  answerTo(toolUseId: string): AskResult | undefined
}

/** The kinds of asks that somebody answers; and whether a question ends its turn until it has its answer. */
export type AskKinds = ReadonlySet<AskKind | 'deferred_question'>

/** What a session's `interactive` and `questions` stand for. */
export function kindsOf({
  interactive,
  questions = 'defer',
}: {
  interactive: boolean | readonly AskKind[]
  questions?: 'defer' | 'hold' | undefined
}): AskKinds {
  const all: AskKind[] = ['can_use_tool', 'elicitation', 'dialog']
  const kinds = all.filter((kind) =>
    typeof interactive === 'boolean' ? interactive : interactive.includes(kind),
  )
  const defers = questions === 'defer' && kinds.includes('can_use_tool')
  return new Set([...kinds, ...(defers ? ['deferred_question' as const] : [])])
}

/** A hook ends after 600 s unless it says otherwise; in seconds. */
const HOOK_TIMEOUT_S = 86_400

/** The SDK's callbacks by which an agent asks, put to a session; those of the kinds that somebody answers. */
export function askingOptions(
  asking: Asking,
  kinds: AskKinds,
  notice: (() => string | undefined) | undefined,
  resumes: boolean,
): Partial<Options> {
  const { canUseTool, onElicitation, onUserDialog } = callbacksOf(asking)
  const hooks = kinds.has('can_use_tool') ? toolHooks(asking, kinds.has('deferred_question'), resumes) : {}
  return {
    ...(kinds.has('can_use_tool') ? { canUseTool } : {}),
    ...(kinds.has('elicitation') ? { onElicitation } : {}),
    ...(kinds.has('dialog') ? { onUserDialog } : {}),
    hooks: { ...hooks, ...(notice === undefined ? {} : noticeHook(notice)) },
  }
}

function callbacksOf(asking: Asking) {
  return {
    canUseTool: async (toolName, input, { signal, ...options }) => {
      const { requestId: _requestId, ...about } = options
      const data: CanUseToolData = { toolName, input, ...about }
      return (await asking.ask('can_use_tool', data, signal)) as PermissionResult
    },
    onElicitation: async (request, { signal }) => (await asking.ask('elicitation', request, signal)) as never,
    onUserDialog: async (request, { signal }) => (await asking.ask('dialog', request, signal)) as never,
  } satisfies Partial<Options>
}

function toolHooks(asking: Asking, defers: boolean, resumes: boolean): NonNullable<Options['hooks']> {
  const question = {
    matcher: QUESTION_TOOL,
    timeout: HOOK_TIMEOUT_S,
    hooks: [async (...[input, toolUseId]: Parameters<HookCallback>) => answerHook(asking, input, toolUseId)],
  }
  const obedience = { hooks: [obeyHook(asking)] }
  return { PreToolUse: [...(defers ? [question] : []), ...(resumes ? [obedience] : [])] }
}

type HookCallback = NonNullable<NonNullable<Options['hooks']>['PreToolUse']>[number]['hooks'][number]

async function answerHook(
  asking: Asking,
  input: Parameters<HookCallback>[0],
  toolUseId: string | undefined,
): ReturnType<HookCallback> {
  // A subagent that is deferred ends without a word.
  if (toolUseId === undefined || ('agent_id' in input && input.agent_id !== undefined)) return {}
  const decision = await asking.onQuestion(toolUseId)
  if (decision === 'pass') return {}
  return {
    hookSpecificOutput: {
      hookEventName: 'PreToolUse',
      ...(decision === 'defer'
        ? { permissionDecision: 'defer' }
        : {
            permissionDecision: 'deny',
            permissionDecisionReason: 'Another question is open; ask again after its answer.',
          }),
    },
  }
}

/** Holds a tool that was deferred to what was answered: where permissions are bypassed, nobody would be asked again. */
function obeyHook(asking: Asking): HookCallback {
  return async (input, toolUseId) => {
    const isQuestion = 'tool_name' in input && input.tool_name === QUESTION_TOOL
    const answer =
      toolUseId === undefined || isQuestion
        ? undefined
        : (asking.answerTo(toolUseId) as PermissionResult | undefined)
    if (answer === undefined) return {}
    const { behavior } = answer
    if (behavior === 'allow') {
      return {
        hookSpecificOutput: {
          hookEventName: 'PreToolUse',
          permissionDecision: behavior,
          ...(answer.updatedInput === undefined ? {} : { updatedInput: answer.updatedInput }),
        },
      }
    }
    return {
      hookSpecificOutput: {
        hookEventName: 'PreToolUse',
        permissionDecision: behavior,
        permissionDecisionReason: answer.message,
      },
    }
  }
}

/** Tells the model something with a prompt, as long as there is something to tell. */
function noticeHook(notice: () => string | undefined): NonNullable<Options['hooks']> {
  const tell: HookCallback = async () => {
    const additionalContext = notice()
    if (additionalContext === undefined) return {}
    return { hookSpecificOutput: { hookEventName: 'UserPromptSubmit', additionalContext } }
  }
  return { UserPromptSubmit: [{ hooks: [tell] }] }
}
