import { describe, expect, test } from 'vitest'
import { AWAY_POLICIES } from '../src/index.ts'
import { sessionUp } from '../src/schema.ts'

const frame = { type: 'register', client: 'ada', secret: 'sixteen characters' }
const initialize = { protocolVersion: '1', capabilities: {}, serverInfo: { name: 'n', version: '1' } }
const tool = { name: 't', inputSchema: { type: 'object' } }
const isValid = (fields: object): boolean => sessionUp.register.safeParse({ ...frame, ...fields }).success

describe('a registration', () => {
  test.each([
    {},
    { hooks: {} },
    { hooks: { Stop: [{ callbacks: [] }] } },
    {
      hooks: {
        PreToolUse: [
          { matcher: 'Bash', timeout: 0.5, onFailure: 'block', whenAway: 'open', callbacks: ['a'] },
        ],
      },
    },
    { mcpServers: { 'my server': { initialize, lists: {} } } },
    {
      mcpServers: {
        my: {
          timeout: 1000,
          tools: [{ name: 't', permission_policy: 'always_ask' }],
          initialize,
          lists: { tools: [tool] },
        },
      },
    },
    { ownerTimeoutMs: 0 },
    { ownerTimeoutMs: 86_400_000 },
  ])('may be %j', (fields) => {
    expect(isValid(fields)).toBe(true)
  })

  test.each([
    { client: '' },
    { client: 'two\nlines' },
    { client: 7 },
    { secret: 'short' },
    { secret: 'x'.repeat(201) },
    { hooks: [] },
    { hooks: { NoSuchEvent: [] } },
    { hooks: { Stop: {} } },
    { hooks: { Stop: [{}] } },
    { hooks: { Stop: [{ callbacks: [7] }] } },
    { hooks: { Stop: [{ callbacks: [''], timeout: 1 }] } },
    { hooks: { Stop: [{ callbacks: ['a'], timeout: 0 }] } },
    { hooks: { Stop: [{ callbacks: ['a'], timeout: 86_401 }] } },
    { hooks: { Stop: [{ callbacks: ['a'], whenAway: 'sometimes' }] } },
    { mcpServers: { my: {} } },
    { mcpServers: { '': { initialize, lists: {} } } },
    { mcpServers: { my: { initialize: {}, lists: {} } } },
    { mcpServers: { my: { initialize, lists: { tools: [{ name: 't' }] } } } },
    { mcpServers: { my: { initialize, lists: { tools: [{ ...tool, inputSchema: { type: 'string' } }] } } } },
    { mcpServers: { my: { initialize, lists: { resources: [{ name: 'r' }] } } } },
    { ownerTimeoutMs: -1 },
    { ownerTimeoutMs: 86_400_001 },
    { ownerTimeoutMs: 0.5 },
  ])('may not be %j', (fields) => {
    expect(isValid(fields)).toBe(false)
  })

  test('may have hooks of every event that the SDK has', () => {
    const hooks = Object.fromEntries(
      Object.keys(AWAY_POLICIES).map((event) => [event, [{ callbacks: ['a'] }]]),
    )
    expect(isValid({ hooks })).toBe(true)
  })

  test('keeps nothing of what is not named, but in what an MCP server says of itself', () => {
    const read = sessionUp.register.parse({
      ...frame,
      hooks: { Stop: [{ callbacks: ['a'], extra: 1 }] },
      mcpServers: {
        my: {
          extra: 1,
          initialize: { ...initialize, kept: 1 },
          lists: { extra: 1, tools: [{ ...tool, kept: 1 }] },
        },
      },
    })
    expect(JSON.stringify(read)).not.toContain('extra')
    expect(JSON.stringify(read).match(/kept/g)).toHaveLength(2)
  })
})
