import type { McpAskData, McpMessage, McpReply } from '@claude-agent/protocol'
import { describe, expect, test } from 'vitest'
import type { Callbacks } from '../../../src/agent/callbacks/callbacks.ts'
import { McpProxy, withClientServers } from '../../../src/agent/callbacks/mcp-proxy.ts'
import { server } from '../../session/callbacks/world.ts'

/** A proxy between an agent and a client, both of the test. */
async function setUp() {
  const sent: McpMessage[] = []
  const told: McpMessage[] = []
  const asked: { data: McpAskData; signal: AbortSignal; reply: (reply: McpReply) => void }[] = []
  let fromClient!: (message: McpMessage) => void
  const callbacks: Callbacks = {
    clients: [],
    runHook: () => Promise.reject(new Error('no hooks here')),
    request: (_owner, data, signal) => new Promise((reply) => asked.push({ data, signal, reply })),
    tell: (_owner, _server, message) => void told.push(message),
    listen: (_owner, _server, hear) => (fromClient = hear),
  }
  const transport = {
    start: async () => {},
    send: async (message: McpMessage) => void sent.push(message),
    onmessage: undefined as ((message: McpMessage) => void) | undefined,
  }
  await new McpProxy({ owner: 'o', name: 'my', server: server(), callbacks }).connect(transport as never)
  const fromAgent = (message: object): void => transport.onmessage!({ jsonrpc: '2.0', ...message })
  return {
    sent,
    told,
    asked,
    fromAgent,
    fromClient: (message: object) => fromClient({ jsonrpc: '2.0', ...message }),
  }
}

const turn = (): Promise<void> => new Promise((go) => setImmediate(go))

describe('an MCP server in a client, as the agent sees it', () => {
  test('introduces itself and says what it has without its client', async () => {
    const { sent, asked, fromAgent } = await setUp()
    const { initialize, lists } = server()
    for (const method of ['initialize', 'tools/list', 'ping', 'prompts/list'])
      fromAgent({ id: method, method })
    fromAgent({ method: 'notifications/initialized' })
    await turn()
    expect(sent).toEqual([
      { jsonrpc: '2.0', id: 'initialize', result: initialize },
      { jsonrpc: '2.0', id: 'tools/list', result: lists },
      { jsonrpc: '2.0', id: 'ping', result: {} },
      { jsonrpc: '2.0', id: 'prompts/list', error: { code: -32601, message: 'Method not found' } },
    ])
    expect(asked).toEqual([])
  })

  test('has everything else answered by its client', async () => {
    const { sent, asked, fromAgent } = await setUp()
    fromAgent({ id: 7, method: 'tools/call', params: { name: 'tell' } })
    fromAgent({ id: 8, method: 'constructor' })
    expect(asked.map(({ data }) => data)).toEqual([
      { server: 'my', method: 'tools/call', params: { name: 'tell' } },
      { server: 'my', method: 'constructor' },
    ])
    asked[1]!.reply({ error: { code: -32601, message: 'no' } })
    asked[0]!.reply({ result: { content: [] } })
    await turn()
    expect(sent).toEqual([
      { jsonrpc: '2.0', id: 8, error: { code: -32601, message: 'no' } },
      { jsonrpc: '2.0', id: 7, result: { content: [] } },
    ])
  })

  test('passes progress on under the token of the agent, and none of what has ended', async () => {
    const { sent, asked, fromAgent, fromClient } = await setUp()
    fromAgent({
      id: 1,
      method: 'tools/call',
      params: { name: 'tell', _meta: { progressToken: 1, other: 'kept' } },
    })
    const { progressToken, other } = asked[0]!.data.params!['_meta'] as Record<string, unknown>
    expect(other).toBe('kept')
    expect(progressToken).not.toBe(1)
    const progress = (token: unknown): object => ({
      method: 'notifications/progress',
      params: { progressToken: token, progress: 1 },
    })
    fromClient(progress(progressToken))
    fromClient(progress(1))
    expect(sent).toEqual([{ jsonrpc: '2.0', ...progress(1) }])
    asked[0]!.reply({ result: {} })
    await turn()
    fromClient(progress(progressToken))
    expect(sent).toHaveLength(2)
  })

  test('takes a request back from its client', async () => {
    const { told, asked, fromAgent } = await setUp()
    fromAgent({ id: 1, method: 'tools/call' })
    fromAgent({ method: 'notifications/cancelled', params: { requestId: 2 } })
    expect(asked[0]!.signal.aborted).toBe(false)
    fromAgent({ method: 'notifications/cancelled', params: { requestId: 1 } })
    expect(asked[0]!.signal.aborted).toBe(true)
    expect(told).toEqual([])
  })

  test('hands on what either side says of its own accord', async () => {
    const { sent, told, fromAgent, fromClient } = await setUp()
    fromClient({ method: 'notifications/message', params: { level: 'info' } })
    fromClient({ id: 3, method: 'roots/list' })
    fromAgent({ id: 3, result: { roots: [] } })
    fromAgent({ method: 'notifications/roots/list_changed' })
    expect(sent.map(({ method }) => method)).toEqual(['notifications/message', 'roots/list'])
    expect(told).toEqual([
      { jsonrpc: '2.0', id: 3, result: { roots: [] } },
      { jsonrpc: '2.0', method: 'notifications/roots/list_changed' },
    ])
  })
})

test('takes the place of no server that the options were given after it was registered', () => {
  const mcpServers = { my: server(), 'their.one': server(), free: server() }
  const callbacks = { listen: () => {}, clients: [{ owner: 'o', registration: { mcpServers } }] }
  const options = { my: { command: 'a' }, their_one: { command: 'b' } }
  const servers = withClientServers(callbacks as unknown as Callbacks, options)
  expect(servers).toMatchObject({ ...options, free: { type: 'sdk', name: 'free' } })
  expect(Object.keys(servers)).toEqual(['my', 'their_one', 'free'])
})
