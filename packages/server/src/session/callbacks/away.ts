import type { HookEvent, HookJSONOutput } from '@anthropic-ai/claude-agent-sdk'
import type { McpReply } from '@claude-agent/protocol'

/** The code of JSON-RPC for a fault inside. */
const INTERNAL = -32603

/** What the agent is told in place of the answer of a client. */
export function failedReply(message: string): McpReply {
  return { error: { code: INTERNAL, message } }
}

/** What the agent is told of a hook that could not run: as if it were not there, or that what it guards is refused. */
export function withoutHook(event: HookEvent, policy: 'open' | 'closed', reason: string): HookJSONOutput {
  if (policy === 'open') return {}
  switch (event) {
    case 'PreToolUse':
      return {
        hookSpecificOutput: {
          hookEventName: event,
          permissionDecision: 'deny',
          permissionDecisionReason: reason,
        },
      }
    case 'PermissionRequest':
      return {
        hookSpecificOutput: { hookEventName: event, decision: { behavior: 'deny', message: reason } },
      }
    case 'UserPromptSubmit':
    case 'UserPromptExpansion':
    case 'PreModelSwitch':
    case 'PreCompact':
    case 'ConfigChange':
      return { decision: 'block', reason }
    case 'Elicitation':
      return { hookSpecificOutput: { hookEventName: event, action: 'decline' } }
    default:
      return { continue: false, stopReason: reason }
  }
}
