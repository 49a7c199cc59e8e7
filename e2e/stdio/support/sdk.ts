import {
  query,
  type Options,
  type Query,
  type SDKMessage,
  type SDKUserMessage,
} from '@anthropic-ai/claude-agent-sdk'
import { remoteProcess, type RemoteProcessOptions } from '@claude-agent/client/spawn'
import type { TestServer } from '../../support/server.ts'

/** A query of the unmodified SDK whose process is the server's. */
export function remoteQuery(
  server: Pick<TestServer, 'url' | 'token'>,
  prompt: string | AsyncIterable<SDKUserMessage>,
  options: Options = {},
  remote: Partial<RemoteProcessOptions> = {},
): Query {
  const { url, token } = server
  const where = { url, ...(token === undefined ? {} : { token }), ...remote }
  return query({ prompt, options: { ...options, spawnClaudeCodeProcess: remoteProcess(where) } })
}

/** All messages of a query, to its end. */
export async function collect(conversation: AsyncIterable<SDKMessage>): Promise<SDKMessage[]> {
  const messages: SDKMessage[] = []
  for await (const message of conversation) messages.push(message)
  return messages
}

/** What the turns of a query came to: what was said, or how they failed. */
export function resultsOf(messages: readonly SDKMessage[]): string[] {
  return messages.flatMap((message) =>
    message.type === 'result'
      ? message.subtype === 'success'
        ? message.result
        : message.errors.join(' ')
      : [],
  )
}

/** A prompt as the SDK takes it. */
export function prompt(content: string, fields: Partial<SDKUserMessage> = {}): SDKUserMessage {
  return { type: 'user', message: { role: 'user', content }, parent_tool_use_id: null, ...fields }
}
