import { createSdkMcpServer, tool, type McpSdkServerConfigWithInstance } from '@anthropic-ai/claude-agent-sdk'
import { connect, type Session, type ServerOptions } from '@claude-agent/client'
import type { CreateSessionRequest } from '@claude-agent/protocol'
import type { Respond, ScriptedClaude, Step } from 'scripted-claude'
import * as z from 'zod'
import type { TestServer } from '../../support/server.ts'
import { test as base } from 'vitest'
import { World } from '../../support/test.ts'

export { describe, expect } from 'vitest'

/** A model that does what a prompt says: each line `use <tool> <input>` is a call; then it says what those gave. */
const obey: Respond = ({ lastUserText, toolResults }) => {
  if (toolResults.length > 0) {
    const given = toolResults.map(({ text, isError }) => `${isError ? 'error: ' : ''}${text}`)
    return [{ text: `got: ${given.join(' | ')}` }]
  }
  const calls = [...lastUserText.matchAll(/^use (\S+) (.*)$/gm)]
  const steps = calls.map(([, name, input]): Step => ({
    toolUse: { name: name!, input: JSON.parse(input!) },
  }))
  return steps.length > 0 ? steps : [{ text: `echo: ${lastUserText}` }]
}

/** What the MCP SDK gives a tool beside its input, as far as it is used. */
interface Extra {
  signal: AbortSignal
  _meta?: Record<string, unknown>
  sendRequest(request: { method: string }, schema: unknown): Promise<unknown>
}

type Run = (input: { text: string }, extra: Extra) => Promise<CallToolResult>
type CallToolResult = Awaited<ReturnType<Parameters<typeof tool<typeof TEXT>>[3]>>

/** An in-process server with tools that take one text each. */
export function serverOf(
  name: string,
  tools: Record<string, Run>,
): Record<string, McpSdkServerConfigWithInstance> {
  return {
    [name]: createSdkMcpServer({
      name,
      tools: Object.entries(tools).map(([each, run]) => tool(each, `the tool ${each}`, TEXT, run as never)),
    }),
  }
}

const TEXT = { text: z.string() }

export function says(text: string): { content: { type: 'text'; text: string }[] } {
  return { content: [{ type: 'text', text }] }
}

/** A session as the client library has it; let go of when the test ends. */
export async function createSession(
  world: World,
  server: Pick<TestServer, 'url'>,
  request: CreateSessionRequest = {},
  options: Partial<ServerOptions> = {},
): Promise<Session> {
  const session = await connect({ url: server.url, ...options } as ServerOptions).createSession(request)
  world.defer(() => session.close())
  return session
}

/** The same session, as another client has it. */
export function attach(world: World, server: Pick<TestServer, 'url'>, id: string): Session {
  const session = connect({ url: server.url }).session(id)
  world.defer(() => session.close())
  return session
}

/** What a prompt came to. */
export async function result(session: Session, prompt: string): Promise<string> {
  const end = await session.prompt(prompt)
  return end.subtype === 'success' ? end.result : end.subtype
}

/** A model that obeys, and a server in front of it. */
export interface Stage {
  claude: ScriptedClaude
  server: TestServer
}

export async function setStage(world: World, folder?: string): Promise<Stage> {
  const claude = await world.claude({ script: { rules: [], fallback: obey } })
  return { claude, server: await startOn(world, claude, folder) }
}

/** Ends a server at once, and starts it anew at the same address. */
export async function crash(world: World, { claude, server }: Stage): Promise<Stage> {
  server.kill('SIGKILL')
  await server.program.ended
  return { claude, server: await startOn(world, claude, server.folder, server.port) }
}

function startOn(world: World, claude: ScriptedClaude, folder?: string, port = 0): Promise<TestServer> {
  return world.server({
    upstream: claude.url,
    args: ['--port', String(port)],
    ...(folder === undefined ? {} : { folder }),
  })
}

/** Tests that share one server in their file, each with sessions of its own. */
export const test = base.extend<{ $file: { stage: Stage }; $test: { world: World } }>({
  stage: [
    // oxlint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const world = new World()
      try {
        await use(await setStage(world))
      } finally {
        await world.dispose()
      }
    },
    { scope: 'file' },
  ],
  // oxlint-disable-next-line no-empty-pattern
  world: async ({}, use) => {
    const world = new World()
    try {
      await use(world)
    } finally {
      await world.dispose()
    }
  },
})
