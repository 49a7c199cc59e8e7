import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {
  Options,
  Query,
  SDKMessage,
  SDKResultMessage,
  SDKUserMessage,
} from '@anthropic-ai/claude-agent-sdk'
import { query } from '@anthropic-ai/claude-agent-sdk'
import { onTestFinished } from 'vitest'
import type { RunningServer } from '../../src/index.ts'

/** A real agent in a folder of its own. */
export interface Agent {
  /** The folder that it works in. */
  workspace: string
  /** Starts a conversation; further options are the SDK's. */
  query(prompt: string | AsyncIterable<SDKUserMessage>, more?: Partial<Options>): Query
}

/** Makes ready what a real agent needs to talk to a scripted model and to nobody else. */
export async function createAgent(claude: RunningServer, env: Record<string, string> = {}): Promise<Agent> {
  const home = await mkdtemp(join(tmpdir(), 'scripted-claude-'))
  const workspace = join(home, 'workspace')
  await mkdir(workspace)
  onTestFinished(() => rm(home, { recursive: true, force: true, maxRetries: 10 }))
  return {
    workspace,
    query(prompt, more = {}) {
      const aborter = new AbortController()
      onTestFinished(() => aborter.abort())
      return query({
        prompt,
        options: {
          cwd: workspace,
          permissionMode: 'bypassPermissions',
          allowDangerouslySkipPermissions: true,
          settingSources: ['project'],
          abortController: aborter,
          env: {
            PATH: process.env['PATH'],
            HOME: home,
            ANTHROPIC_API_KEY: 'sk-test-fake',
            ANTHROPIC_BASE_URL: claude.url,
            CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
            DISABLE_TELEMETRY: '1',
            IS_SANDBOX: '1',
            // Whatever else the CLI wants of the network ends here: the server refuses to be a proxy.
            HTTP_PROXY: claude.url,
            HTTPS_PROXY: claude.url,
            NO_PROXY: '127.0.0.1',
            ...env,
          },
          ...more,
        },
      })
    },
  }
}

/** All messages of a conversation. */
export async function collect(conversation: AsyncIterable<SDKMessage>): Promise<SDKMessage[]> {
  const messages: SDKMessage[] = []
  for await (const message of conversation) messages.push(message)
  return messages
}

/** The result at the end of a turn. */
export function resultOf(messages: readonly SDKMessage[]): SDKResultMessage {
  const result = messages.findLast((message) => message.type === 'result')
  if (result === undefined) throw new Error('The conversation has no result')
  return result
}

/** The content blocks that the model said, in order. */
export function saidBlocks(
  messages: readonly SDKMessage[],
): { type: string; text?: string; name?: string; input?: unknown }[] {
  return messages.flatMap((message) =>
    message.type === 'assistant' ? (message.message.content as never[]) : [],
  )
}

/** Several prompts in one conversation, each said when the turn before has ended. */
export class Conversation implements AsyncIterable<SDKUserMessage> {
  readonly #prompts: readonly string[]
  #endTurn: () => void = () => undefined

  constructor(prompts: readonly string[]) {
    this.#prompts = prompts
  }

  /** The turn has ended: says the next prompt. */
  next(): void {
    this.#endTurn()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SDKUserMessage> {
    for (const content of this.#prompts) {
      const turn = new Promise<void>((resolve) => (this.#endTurn = resolve))
      yield { type: 'user', message: { role: 'user', content }, parent_tool_use_id: null, session_id: '' }
      await turn
    }
  }
}
