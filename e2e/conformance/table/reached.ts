import type { HookEvent, SDKMessage } from '@anthropic-ai/claude-agent-sdk'

type ShapeOf<Message> = Message extends {
  type: infer Type extends string
  subtype: infer Subtype extends string
}
  ? `${Type}/${Subtype}`
  : Message extends { type: infer Type extends string }
    ? Type
    : never

/** What kind of message it is: its type, and its subtype where it has one. */
type MessageShape = ShapeOf<SDKMessage>

/** How far the program gets with something of the SDK's. */
export interface Reached {
  /** Why the program does not come to it; empty where it does. */
  unless: string
}

const reached: Reached = { unless: '' }
const unreached = (unless: string): Reached => ({ unless })

const HOSTED = 'Only where Anthropic hosts the agent.'
const INSIDE = 'Claude Code says it of itself, at times of its own.'

/** Every message of the SDK. All are handed on as they are; a new one does not compile until it is here. */
export const MESSAGES: Record<MessageShape, Reached> = {
  assistant: reached,
  auth_status: unreached('Only while an account logs in.'),
  conversation_reset: reached,
  prompt_suggestion: unreached(INSIDE),
  rate_limit_event: unreached('Only with an account of Claude.'),
  'result/error_during_execution': reached,
  'result/error_max_budget_usd': reached,
  'result/error_max_structured_output_retries': unreached(INSIDE),
  'result/error_max_turns': reached,
  'result/success': reached,
  stream_event: reached,
  'system/api_retry': reached,
  'system/background_tasks_changed': reached,
  'system/commands_changed': unreached(INSIDE),
  'system/compact_boundary': reached,
  'system/control_request_progress': unreached(INSIDE),
  'system/elicitation_complete': unreached('Only for elicitations by URL.'),
  'system/files_persisted': unreached(HOSTED),
  'system/hook_progress': unreached('Only of commands as hooks that take their time.'),
  'system/hook_response': reached,
  'system/hook_started': reached,
  'system/informational': reached,
  'system/init': reached,
  'system/local_command_output': unreached(INSIDE),
  'system/memory_recall': unreached(INSIDE),
  'system/mirror_error': unreached('Belongs to `sessionStore`.'),
  'system/model_refusal_fallback': unreached('Only with a model to fall back to at Anthropic.'),
  'system/model_refusal_no_fallback': reached,
  'system/notification': reached,
  'system/permission_denied': reached,
  'system/plugin_install': unreached('Only where plugins are installed from a marketplace.'),
  'system/session_state_changed': unreached('Only where the environment asks for it.'),
  'system/session_writes_lost': unreached('Only on a full disk.'),
  'system/status': reached,
  'system/task_notification': reached,
  'system/task_progress': unreached(INSIDE),
  'system/task_started': reached,
  'system/task_updated': reached,
  'system/thinking_tokens': reached,
  'system/worker_shutting_down': unreached(HOSTED),
  tool_progress: unreached('Only of tools that take their time.'),
  tool_use_summary: unreached(INSIDE),
  user: reached,
}

const TEAM = 'Belongs to teams of agents.'

/** Every event that hooks can be for. */
export const HOOKS: Record<HookEvent, Reached> = {
  ConfigChange: unreached('Comes of files and folders that the cases of a server would have to share.'),
  CwdChanged: unreached('No command of the agent’s brings it about here.'),
  DirectoryAdded: unreached('Leads out of the workspace.'),
  Elicitation: reached,
  ElicitationResult: reached,
  FileChanged: unreached('Comes of files and folders that the cases of a server would have to share.'),
  InstructionsLoaded: reached,
  MessageDisplay: reached,
  Notification: unreached(INSIDE),
  PermissionDenied: unreached('Only in the permission mode `auto`.'),
  PermissionRequest: reached,
  PostCompact: reached,
  PostModelSwitch: reached,
  PostToolBatch: reached,
  PostToolUse: reached,
  PostToolUseFailure: reached,
  PreCompact: reached,
  PreModelSwitch: reached,
  PreToolUse: reached,
  SessionEnd: unreached('The SDK takes its process away before it could be heard.'),
  SessionStart: reached,
  Setup: unreached('Only at `claude --init`.'),
  Stop: reached,
  StopFailure: reached,
  SubagentStart: reached,
  SubagentStop: reached,
  TaskCompleted: unreached(TEAM),
  TaskCreated: unreached(TEAM),
  TeammateIdle: unreached(TEAM),
  UserPromptExpansion: reached,
  UserPromptSubmit: reached,
  WorktreeCreate: reached,
  WorktreeRemove: unreached('Only of worktrees with no change in them.'),
}
