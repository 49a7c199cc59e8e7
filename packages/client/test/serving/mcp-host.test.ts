import type { McpMessage } from '@claude-agent/protocol'
import { describe, expect, test } from 'vitest'
import { McpHost } from '../../src/serving/mcp-host.ts'

type Answer = (method: string, params: Record<string, unknown>) => object

/** A server that answers by a function; with what it was told, and a way for it to speak. */
function instanceOf(answer: Answer) {
  const told: McpMessage[] = []
  let transport!: { onmessage: (message: McpMessage) => void; send(message: object): Promise<void> }
  const hear = (message: McpMessage): void => {
    told.push(message)
    const { id, method, params } = message as {
      id?: string
      method?: string
      params?: Record<string, unknown>
    }
    if (id === undefined || method === undefined) return
    const reply = answer(method, params ?? {})
    if (reply !== NEVER) void transport.send({ jsonrpc: '2.0', id, ...reply })
  }
  const connect = async (given: typeof transport): Promise<void> => {
    transport = given
    transport.onmessage = hear
  }
  return {
    instance: { connect },
    told,
    say: (message: object) => transport.send({ jsonrpc: '2.0', ...message }),
  }
}

const NEVER = {}

function hostOf(instance: unknown, settings = {}) {
  const messages: McpMessage[] = []
  let changes = 0
  const host = new McpHost({
    name: 'my',
    config: { type: 'sdk', name: 'my', ...settings, instance: instance as never },
    onMessage: (message) => void messages.push(message),
    onListChanged: () => (changes += 1),
  })
  return { host, messages, changes: () => changes }
}

const initialized = (capabilities: object): object => ({
  result: { protocolVersion: '2025-11-25', capabilities, serverInfo: { name: 'my', version: '1' } },
})

describe('an MCP server of this process', () => {
  test('is described by what it says of itself, each list whole, and only those that it has', async () => {
    const { instance, told } = instanceOf((method, { cursor }) => {
      if (method === 'initialize') return initialized({ tools: {}, resources: {} })
      if (method === 'tools/list')
        return { result: cursor === undefined ? { tools: ['a'], nextCursor: 'x' } : { tools: ['b'] } }
      if (method === 'resources/list') return { result: { resources: ['r'] } }
      return { error: { code: -32601, message: 'Method not found' } }
    })
    const { host } = hostOf(instance, { timeout: 5000 })
    await host.connect()
    expect(await host.describe()).toMatchObject({
      timeout: 5000,
      initialize: { serverInfo: { name: 'my' } },
      lists: { tools: ['a', 'b'], resources: ['r'], resourceTemplates: [] },
    })
    expect(told.map(({ method }) => method)).not.toContain('prompts/list')
    expect(told[1]).toMatchObject({ method: 'notifications/initialized' })
  })

  test.each([
    [
      'that refuses to be connected',
      () => Promise.reject(new Error('Already connected')),
      'Already connected',
    ],
    [
      'that answers with an error',
      instanceOf(() => ({ error: { code: -1, message: 'not today' } })).instance.connect,
      'not today',
    ],
  ])('%s is an error with its name and the reason', async (_, connect, reason) => {
    await expect(hostOf({ connect }).host.connect()).rejects.toMatchObject({
      code: 'invalid_setting',
      message: expect.stringMatching(new RegExp(`mcpServers.my.*${reason}`)) as string,
    })
  })

  test('hears that a request is taken back, and that it is let go of', async () => {
    const { instance, told } = instanceOf((method) => (method === 'initialize' ? initialized({}) : NEVER))
    const { host } = hostOf(instance)
    await host.connect()
    const abort = new AbortController()
    const call = host.request('ask 1', { server: 'my', method: 'tools/call' }, abort.signal)
    abort.abort()
    expect(await call).toHaveProperty('error')
    expect(told.at(-1)).toMatchObject({ method: 'notifications/cancelled', params: { requestId: 'ask 1' } })
    const other = host.request('ask 2', { server: 'my', method: 'tools/call' }, new AbortController().signal)
    host.close()
    expect(await other).toHaveProperty('error')
  })

  test('is heard: progress, requests of its own, and that its lists have changed', async () => {
    const { instance, say } = instanceOf(() => initialized({}))
    const { host, messages, changes } = hostOf(instance)
    await host.connect()
    await say({ method: 'notifications/progress', params: {} })
    await say({ id: 1, method: 'ping' })
    await say({ method: 'notifications/tools/list_changed' })
    expect(messages.map(({ method }) => method)).toEqual(['notifications/progress', 'ping'])
    expect(changes()).toBe(1)
  })
})
