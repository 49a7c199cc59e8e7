import { onTestFinished } from 'vitest'
import {
  ClaudeAgentClient,
  type ClientOptions,
  type ConnectionState,
  type WSOutputMessage,
} from '../src/index.ts'

/** A client that is stopped when the test ends, with what it was told. */
export function createClient(options: ClientOptions): {
  client: ClaudeAgentClient
  messages: WSOutputMessage[]
  states: ConnectionState[]
} {
  const client = new ClaudeAgentClient(options)
  const messages: WSOutputMessage[] = []
  const states: ConnectionState[] = []
  client.onMessage((message) => messages.push(message))
  client.onState((state) => states.push(state))
  onTestFinished(() => client.stop())
  return { client, messages, states }
}

/** The uuids of the agent's messages. */
export function uuids(messages: WSOutputMessage[]): unknown[] {
  return messages.flatMap((message) => (message.type === 'sdk_message' ? [message.data.uuid] : []))
}
