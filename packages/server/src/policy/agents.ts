import type { AgentDefinition } from '@anthropic-ai/claude-agent-sdk'
import * as z from 'zod/mini'
import { hooks } from './hooks.ts'
import { agentMcpServers } from './mcp-servers.ts'
import { count, fields, flag, text, texts } from './schema-parts.ts'

export const PERMISSION_MODES = [
  'default',
  'manual',
  'acceptEdits',
  'bypassPermissions',
  'plan',
  'dontAsk',
  'auto',
] as const

const words = text.check(z.refine((value) => value.trim() !== '', 'must not be blank'))

const agent = fields({
  description: text,
  prompt: text,
  tools: texts,
  disallowedTools: texts,
  model: words,
  mcpServers: agentMcpServers,
  criticalSystemReminder_EXPERIMENTAL: text,
  skills: texts,
  initialPrompt: text,
  maxTurns: count,
  autoCompactWindow: z.int().check(z.gte(100_000)),
  background: flag,
  omitClaudeMd: flag,
  memory: z.enum(['user', 'project', 'local']),
  effort: z.union([z.enum(['low', 'medium', 'high', 'xhigh', 'max']), z.int()]),
  permissionMode: z.enum(PERMISSION_MODES),
  observer: text,
  observerMessage: text,
  isolation: z.enum(['worktree', 'remote']),
  hooks,
})

/** `agents`: subagents by name. One that Claude Code cannot read makes it drop them all without a word. */
export const agents = z.record(z.string(), agent)

/**
 * The agents as the CLI needs them. It drops every agent, without a word, when one has no `prompt` or an empty
 * `description`; clients of old leave these out. The description stands in for the prompt, the name for the description.
 */
export function completeAgents(
  given: Record<string, Partial<AgentDefinition>>,
): Record<string, AgentDefinition> {
  return Object.fromEntries(
    Object.entries(given).map(([id, agent]) => {
      const name = 'name' in agent && typeof agent.name === 'string' ? agent.name : ''
      const description = agent.description || name || id || 'An agent'
      return [id, { ...agent, description, prompt: agent.prompt ?? description }]
    }),
  )
}
