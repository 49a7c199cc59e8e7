// The server
export { startScriptedClaude } from './server.ts'
export type { ScriptedClaude, ScriptedClaudeOptions } from './server.ts'
export type { RunningServer, ServerOptions } from './exchange-server.ts'
export type { RecordedRequest, RequestOutcome } from './request/record.ts'

// Record and replay
export { startRecorder } from './record/recorder.ts'
export type { Recorder, RecorderOptions } from './record/recorder.ts'
export { startReplay } from './replay/replay.ts'
export type { Replay, ReplayOptions } from './replay/replay.ts'
export type { Strictness } from './shape/difference.ts'

// Scripts
export { demoScript } from './demo/demo-script.ts'
export { parseScript } from './script/json-script.ts'
export { loadScript } from './script/script-file.ts'
export { contentOfRead } from './script/read-result.ts'
export type {
  AnswersRule,
  Match,
  Respond,
  RespondRule,
  Rule,
  RuleCondition,
  Script,
  Steps,
  StepsRule,
  TextPattern,
  ToolResultMatch,
} from './script/script.ts'
export type { ScriptedRequest, ToolResult } from './request/scripted-request.ts'
export type { RequestKind } from './request/kind.ts'
export type { InputBlock, InputMessage, MessagesBody } from './request/body.ts'

// Steps
export type {
  CutStep,
  DelayStep,
  ErrorStep,
  HangStep,
  Pace,
  PingStep,
  Step,
  StopReason,
  StopReasonStep,
  TextStep,
  ThinkingStep,
  ToolUseStep,
  Usage,
  UsageStep,
} from './script/step.ts'

// Errors
export { ScriptedClaudeError } from './errors.ts'
export type { ApiErrorOptions, ApiErrorType, ScriptedClaudeErrorCode } from './errors.ts'
