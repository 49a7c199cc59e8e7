import type { QueryConfig } from '@claude-agent/protocol'

type SystemPrompt = QueryConfig['systemPrompt']

/**
 * A system prompt that replaces the recorded one of a conversation. The CLI records the prompt that a conversation
 * began with and sends that for ever; without its record it sends what it is given.
 */
export function replaceRecorded(prompt: SystemPrompt): NonNullable<SystemPrompt> {
  if (prompt === undefined) return { type: 'custom', prompt: '', snapshot: false }
  if (typeof prompt === 'string' || Array.isArray(prompt)) return { type: 'custom', prompt, snapshot: false }
  return { ...prompt, snapshot: false }
}
