import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Options, query as sdkQuery, type Query, type SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import { query as remoteQuery } from '@claude-agent/client'
import type { Stage } from '../../sessions/support/shared.ts'
import type { World } from '../../support/test.ts'

/** What a program says to its agent, and when. */
export type Prompt = Parameters<typeof sdkQuery>[0]['prompt']

/** A `query()`, with the SDK alone or on a server. */
export type AnyQuery = (request: { prompt: Prompt; options?: Options }) => Query

/** The `query()` of the client, on the server of a stage. */
export function onServer({ server }: Stage, session?: string): AnyQuery {
  const remote = { url: server.url, ...(session === undefined ? {} : { session }) }
  return ({ prompt, options = {} }) => remoteQuery({ prompt, options: { ...options, remote } })
}

/** The SDK's own, in a folder of its own and with the same model. */
export async function alone({ claude }: Stage, world: World): Promise<AnyQuery> {
  const folder = await world.folder()
  const [home, cwd] = [join(folder, 'home'), join(folder, 'workspace')]
  await mkdir(home)
  await mkdir(cwd)
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    IS_SANDBOX: '1',
    ANTHROPIC_API_KEY: 'e2e-key',
    ANTHROPIC_BASE_URL: claude.url,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_TELEMETRY: '1',
  }
  return ({ prompt, options = {} }) => sdkQuery({ prompt, options: { cwd, env, ...options } })
}

/** Prompts that come one after another, at once. */
export async function* said(
  ...prompts: (string | { text: string; uuid: string })[]
): AsyncGenerator<never, void> {
  for (const prompt of prompts) {
    const { text, ...rest } = typeof prompt === 'string' ? { text: prompt } : prompt
    yield {
      type: 'user',
      message: { role: 'user', content: text },
      parent_tool_use_id: null,
      ...rest,
    } as never
  }
}

/** What a query yielded, in short words, and how it ended. */
export interface Story {
  messages: SDKMessage[]
  lines: string[]
  end: string
}

/** Runs a query to its end; `act` is called with each message. */
export async function tell(
  query: Query,
  act: (message: SDKMessage, query: Query) => unknown = () => {},
): Promise<Story> {
  const messages: SDKMessage[] = []
  let end = 'done'
  try {
    for await (const message of query) {
      messages.push(message)
      await act(message, query)
    }
  } catch (error) {
    end = (error as Error).message
  }
  return { messages, lines: messages.map(describe), end }
}

/** A message in short: what it is and what it says, without what differs from run to run. */
function describe(message: SDKMessage): string {
  const kind = 'subtype' in message ? `${message.type}/${message.subtype}` : message.type
  const { state } = message as { state?: string }
  if (message.type === 'result') {
    const text = message.subtype === 'success' ? message.result : message.errors.join('; ')
    return `${kind} ${message.terminal_reason} ${plain(text)}`
  }
  if (message.type === 'assistant' || message.type === 'user') {
    const { content } = message.message
    if (typeof content === 'string') return `${kind} ${plain(content)}`
    return [kind, ...content.map((block) => plain(JSON.stringify(Object.values(wordsOf(block)))))].join(' ')
  }
  return [kind, ...(state === undefined ? [] : [state])].join(' ')
}

function wordsOf(block: object): object {
  const { type, text, name, input, content, is_error } = block as Record<string, unknown>
  return { type, text, name, input, content, is_error }
}

/** Without paths, ids and the like. */
function plain(text: string): string {
  return text
    .replaceAll(/\/[\w./-]+/g, '<path>')
    .replaceAll(/\b(toolu|msg)_\w+/g, '<id>')
    .replaceAll(/ID: \w+/g, 'ID: <id>')
}
