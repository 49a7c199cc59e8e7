import { expect, test } from 'vitest'
import { acceptConfig } from '../../src/policy/accept-config.ts'
import { refusalOf } from './errors.ts'

const both = (server: unknown): [string, unknown][] => [
  ['mcpServers.x', { mcpServers: { x: server } }],
  ['agents.a.mcpServers[0].x', { agents: { a: { mcpServers: [{ x: server }] } } }],
]

test.each([
  { command: 'node' },
  { type: 'stdio', command: 'node', args: [], env: {} },
  {
    command: '/usr/bin/env',
    args: ['-i', 'x'],
    env: { PATH: '/x', NODE_OPTIONS: '--x', ANTHROPIC_API_KEY: 'its own' },
  },
  { type: 'http', url: 'not a url, says Claude Code later' },
  { type: 'http', url: 'http://x', headersHelper: 'print-headers' },
  { type: 'sse', url: 'http://x', headers: {}, timeout: 1, alwaysLoad: true },
  { type: 'ws', url: 'ws://x' },
  { command: 'x', fieldOfTomorrow: { a: [1] } },
])('a server is accepted, alone and with an agent, and kept whole: %j', (server) => {
  for (const [, body] of both(server)) expect(acceptConfig(body, {})).toEqual(body)
})

test.each([
  [{ command: '' }, '.command', 'must not be empty'],
  [{ command: 5 }, '.command', 'must be a string'],
  [{ url: 'http://x' }, '.command', 'must be a string'],
  [{ command: 'x', args: 'a b' }, '.args', 'must be a list'],
  [{ command: 'x', env: { A: 5 } }, '.env.A', 'must be a string'],
  [{ command: 'x', timeout: 0 }, '.timeout', 'must be above 0'],
  [{ command: 'x', timeout: 1.5 }, '.timeout', 'must be a whole number'],
  [{ command: 'x', alwaysLoad: 'yes' }, '.alwaysLoad', 'must be true or false'],
  [{ type: 'http' }, '.url', 'must be a string'],
  [{ type: 'http', url: 'x', headers: ['A: b'] }, '.headers', 'must be an object'],
  [
    { type: 'http', url: 'x', tools: [{ name: 'a', permission_policy: 'x' }] },
    '.tools[0].permission_policy',
    'must be one of',
  ],
  [{ type: 'smtp', url: 'x' }, '.type', 'is of no known kind'],
])(
  'a server that Claude Code would drop without a word is refused with the field: %j',
  (server, field, demand) => {
    const [[path, body]] = both(server) as [[string, unknown]]
    expect(refusalOf(body).message).toContain(`'${path}${field}' ${demand}`)
  },
)

test.each(['sdk', 'sse-ide', 'ws-ide', 'claudeai-proxy'])(
  'a server of type %s is refused everywhere',
  (type) => {
    for (const [path, body] of both({ type, name: 'x', url: 'x', id: 'x' })) {
      expect(refusalOf(body)).toMatchObject({
        code: 'option_refused',
        message: expect.stringContaining(`'${path}.type' may not be set from outside.`),
      })
    }
  },
)
