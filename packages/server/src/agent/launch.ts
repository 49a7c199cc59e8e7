import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import type { CanUseTool, Options, SpawnOptions } from '@anthropic-ai/claude-agent-sdk'
import { AgentServerError } from '@claude-agent/protocol'

/** What the SDK makes of options: how it would start its process, and what it would tell it first. */
export interface Launch {
  spawn: Omit<SpawnOptions, 'signal'>
  /** The fields of its `initialize`, settings and MCP servers included. */
  initialize: Record<string, unknown>
}

/** Milliseconds in which the SDK makes a launch of options; it reads a file at most. */
const READ_MS = 10_000

/**
 * Asks the SDK how it would start a process with these options, without starting one: what it makes of them is its own
 * affair, and changes with its version. What may be secret goes with the first line, not on the command line.
 * @throws AgentServerError `agent_start_failed`
 */
export async function readLaunch(options: Options): Promise<Launch> {
  const stdin = new PassThrough()
  const stdout = new PassThrough()
  const state: { killed: boolean; exitCode: number | null } = { killed: false, exitCode: null }
  const child = Object.assign(new EventEmitter(), { stdin, stdout, kill: () => true }, state)
  let spawn: SpawnOptions | undefined
  const delivered = { mcpServersDelivery: 'initialize', settingsDelivery: 'initialize' } as const
  let timer: NodeJS.Timeout | undefined
  try {
    const { query } = await import('@anthropic-ai/claude-agent-sdk/core')
    const conversation = query({
      prompt: nothing(),
      options: {
        ...options,
        ...delivered,
        spawnClaudeCodeProcess: (wanted) => {
          spawn = wanted
          return child
        },
      },
    })
    const line = await new Promise<string>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error('the SDK did not say how')), READ_MS)
      stdin.once('data', (bytes: Buffer) => resolve(bytes.toString('utf8')))
    })
    Object.assign(child, { killed: true, exitCode: 0 })
    stdout.end()
    conversation.close()
    const { request } = JSON.parse(line) as { request: Record<string, unknown> }
    const { command, args, cwd, env } = spawn!
    return { spawn: { command, args, ...(cwd === undefined ? {} : { cwd }), env }, initialize: request }
  } catch (cause) {
    throw new AgentServerError({
      code: 'agent_start_failed',
      message: `The agent did not start: ${(cause as Error).message}`,
      hint: 'Look at the options that were given.',
      cause,
    })
  } finally {
    clearTimeout(timer)
  }
}

/** Stands for a callback that is somewhere else: the SDK only looks whether there is one. */
export const unanswered: CanUseTool = async () => ({ behavior: 'deny', message: 'Nobody is here to ask.' })

/** No prompt, until the conversation is closed. */
// oxlint-disable-next-line require-yield
async function* nothing(): AsyncGenerator<never> {
  await new Promise(() => {})
}
