import { createSdkMcpServer, query, tool } from '@anthropic-ai/claude-agent-sdk/browser'
import {
  AbortError,
  type McpServerConfig,
  type Options,
  type Query,
  type SDKUserMessage,
} from '@anthropic-ai/claude-agent-sdk'
import { connect } from '@claude-agent/client'
import { WebSocket } from 'ws'
import { userMessage } from '../conversation.ts'
import { openPlace, type Place } from './server.ts'
import type { Way } from './way.ts'

/** The SDK for browsers, with the socket of a browser. What it takes no option for is set when the session is made. */
export const browserSdk: Way = {
  name: 'browser',
  async open(model) {
    globalThis.WebSocket ??= WebSocket as unknown as typeof globalThis.WebSocket
    const place = await openPlace(model, false)
    return {
      ground: async () => ({
        tool,
        createSdkMcpServer,
        AbortError,
        workspace: place.server.workspace,
        query: ({ prompt, options = {} }) => {
          const input = new Counted(typeof prompt === 'string' ? once(prompt) : prompt)
          return closing(open(place, input, options), input)
        },
      }),
      close: place.close,
    }
  },
}

/** Makes a session with all that is JSON among the options, and drives it with the rest. */
async function open(
  { url, token }: Place,
  prompt: AsyncIterable<SDKUserMessage>,
  options: Options,
): Promise<Query> {
  const {
    abortController,
    canUseTool,
    hooks,
    onElicitation,
    onUserDialog,
    mcpServers = {},
    ...rest
  } = options
  const { allowDangerouslySkipPermissions: _, stderr: __, ...json } = rest
  const isHere = ([, { type }]: [string, McpServerConfig]): boolean => type === 'sdk'
  const here = Object.fromEntries(Object.entries(mcpServers).filter(isHere))
  const there = Object.fromEntries(Object.entries(mcpServers).filter((entry) => !isHere(entry)))
  const session = await connect({ url, token }).createSession({
    kind: 'stdio',
    options: { permissionMode: 'default', ...json, mcpServers: there } as never,
  })
  const socket = new URL(`/sessions/${session.id}/stdio`, url.replace(/^http/, 'ws'))
  const callbacks = { abortController, canUseTool, hooks, onElicitation, onUserDialog }
  return query({
    prompt,
    websocket: {
      url: socket.href,
      authMessage: { type: 'auth', credential: { type: 'oauth', token } },
    },
    mcpServers: here,
    ...(Object.fromEntries(
      Object.entries(callbacks).filter(([, callback]) => callback !== undefined),
    ) as Partial<Options>),
  })
}

/** One prompt. */
async function* once(text: string): AsyncGenerator<SDKUserMessage> {
  yield userMessage(text)
}

/** Prompts, and how many of them have no result yet. */
class Counted implements AsyncIterable<SDKUserMessage> {
  /** Resolves when there are no more prompts, and none without a result. */
  readonly done: Promise<void>
  readonly #prompts: AsyncIterable<SDKUserMessage>
  #open = 1
  #finish: () => void = () => {}

  constructor(prompts: AsyncIterable<SDKUserMessage>) {
    this.#prompts = prompts
    this.done = new Promise((finish) => (this.#finish = finish))
  }

  /** One result has come, or there are no more prompts. */
  settle(): void {
    this.#open -= 1
    if (this.#open <= 0) this.#finish()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SDKUserMessage> {
    for await (const prompt of this.#prompts) {
      this.#open += 1
      yield prompt
    }
    this.settle()
  }
}

/** A query that is on its way. It is closed after its last result: this SDK does not end with its prompts. */
function closing(opening: Promise<Query>, input: Counted): Query {
  void input.done.then(async () => (await opening).close())
  const query: Query = new Proxy({} as Query, {
    get: (_, name) => {
      if (name === Symbol.asyncIterator) return () => query
      return async (...args: never[]): Promise<unknown> => {
        const opened = await opening
        const given: unknown = await (opened[name as keyof Query] as (...args: never[]) => unknown)(...args)
        if (name === 'next' && isResult(given)) input.settle()
        return given
      }
    },
  })
  return query
}

function isResult(step: unknown): boolean {
  return (step as IteratorResult<{ type: string }, undefined>).value?.type === 'result'
}
