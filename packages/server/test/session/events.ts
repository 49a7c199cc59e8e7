import type { LoggedEvent, NewEvent } from '@claude-agent/protocol'

/** Numbers events from `seq` on, ten milliseconds apart. */
export function numbered(events: readonly NewEvent[], seq = 1): LoggedEvent[] {
  return events.map((event, index) => ({ seq: seq + index, at: 1000 + 10 * (seq + index), ...event }))
}

export function prompted(uuid: string, content = uuid, fields: object = {}): NewEvent {
  return {
    type: 'user_message',
    uuid,
    data: { type: 'user', uuid, message: { role: 'user', content } },
    ...fields,
  }
}

export function promptEnded(
  uuid: string,
  outcome: 'completed' | 'interrupted' | 'cancelled' | 'failed',
): NewEvent {
  return { type: 'prompt_ended', uuid, outcome }
}

/** A message of the SDK. */
export function said(fields: object): NewEvent {
  return { type: 'sdk_message', data: fields as never }
}

export function spoke(uuid: string, fields: object = {}): NewEvent {
  return said({ type: 'assistant', uuid, parent_tool_use_id: null, message: { content: [] }, ...fields })
}

export function began(sdkSessionId: string): NewEvent {
  return said({ type: 'system', subtype: 'init', session_id: sdkSessionId })
}

/** A result with what the SDK's counters have come to. */
export function resulted(costUsd: number, outputTokens = 0): NewEvent {
  return said({
    type: 'result',
    subtype: 'success',
    total_cost_usd: costUsd,
    modelUsage: { m: { inputTokens: 0, outputTokens, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 } },
  })
}

export function started(sdkSessionId: string, resumed = false, fields: object = {}): NewEvent {
  return { type: 'agent_started', sdkSessionId, resumed, ...fields }
}

export function status(name: 'idle' | 'running' | 'requires_action' | 'queued'): NewEvent {
  return { type: 'status', status: name }
}

export function asked(ask: string, fields: object = {}): NewEvent {
  return {
    type: 'ask',
    ask,
    kind: 'can_use_tool',
    data: { toolName: 'Write', input: {}, toolUseID: ask },
    ...fields,
  }
}

export function settled(
  ask: string,
  outcome: 'answered' | 'cancelled' | 'timed_out' | 'lost',
  fields: object = {},
): NewEvent {
  return { type: 'ask_settled', ask, outcome, ...fields }
}
