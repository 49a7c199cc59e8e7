import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import type { AskData, AskKind, AskResult, QueryConfig } from '@claude-agent/protocol'
import type { AgentOwner } from '../agent/agent-host.ts'
import type { Feed } from '../log/feed.ts'
import type { Activity } from './activity.ts'
import type { AskingAgent } from './asking-agent.ts'
import type { Launcher } from './launcher.ts'
import type { Runner } from './runner.ts'
import { tellMessage } from './telling.ts'

export interface CounterpartParts {
  feed: Feed
  activity: Activity
  asking: AskingAgent
  launcher: () => Launcher
  runner: () => Runner
  config: () => QueryConfig
  onChange: () => void
}

/** Whom the agent of a session works for: hands on what it says, and has what it asks answered. */
export class Counterpart implements AgentOwner {
  readonly #parts: CounterpartParts

  constructor(parts: CounterpartParts) {
    this.#parts = parts
  }

  config(): QueryConfig {
    return this.#parts.config()
  }

  onMessage(message: SDKMessage): void {
    const { feed, activity, asking, launcher, runner, onChange } = this.#parts
    tellMessage(feed, message)
    if (message.type === 'result') asking.endTurn()
    if (message.type === 'conversation_reset') launcher().reset()
    if (message.type === 'system' && message.subtype === 'init') launcher().follow(message.session_id)
    activity.hear(message)
    runner().hear(message)
    if (message.type === 'result' || message.type === 'system') onChange()
  }

  onStderr(text: string): void {
    this.#parts.feed.publish({ type: 'info', data: text })
  }

  room(): Promise<void> {
    return this.#parts.feed.room()
  }

  ask(kind: AskKind, data: AskData, signal: AbortSignal): Promise<AskResult> {
    return this.#parts.asking.ask(kind, data, signal)
  }

  onQuestion(toolUseId: string): ReturnType<AskingAgent['onQuestion']> {
    return this.#parts.asking.onQuestion(toolUseId)
  }

  answerTo(toolUseId: string): AskResult | undefined {
    return this.#parts.asking.answerTo(toolUseId)
  }
}
