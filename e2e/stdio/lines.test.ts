import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { model } from '../sessions/support/model.ts'

import { test as base } from 'vitest'
import { expect } from '../sessions/support/shared.ts'
import type { TestServer } from '../support/server.ts'
import { World } from '../support/test.ts'
import { until } from '../support/until.ts'
import { LinePeer } from './support/line-peer.ts'

const TOKEN = 'a-token-of-sixteen-letters'
const PROGRAM = fileURLToPath(new URL('support/browser-program.mjs', import.meta.url))

/** Tests that share a server with a token. */
const test = base.extend<{ $file: { server: TestServer }; $test: { world: World } }>({
  server: [
    // oxlint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const world = new World()
      try {
        const claude = await world.claude({ script: model() })
        const env = { CLAUDE_AGENT_MAX_FRAME_BYTES: String(1024 * 1024) }
        await use(await world.server({ upstream: claude.url, token: TOKEN, env }))
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

function socketUrl(server: TestServer, session: string): string {
  return `${server.url.replace(/^http/, 'ws')}/sessions/${session}/stdio`
}

/** What the program says of what it hears. */
interface Heard {
  message?: { type: string; result?: string; session_id?: string }
  error?: string
}

/** Runs the official browser SDK; gives what it heard. */
async function runBrowser(url: string, token: string, ...prompts: string[]): Promise<Heard[]> {
  const child = spawn(process.execPath, [PROGRAM, url, token, ...prompts], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part))
  await once(child, 'close')
  return text.split('\n').flatMap((line) => (line === '' ? [] : (JSON.parse(line) as Heard)))
}

/** A client of the raw lines that has begun, as an SDK does. */
async function begin(world: World, server: TestServer, session: string): Promise<LinePeer> {
  const peer = new LinePeer(socketUrl(server, session), { authorization: `Bearer ${TOKEN}` })
  world.defer(() => peer.socket.terminate())
  await peer.open()
  expect(await peer.request({ subtype: 'initialize' })).toMatchObject({ subtype: 'success' })
  return peer
}

test('the official browser SDK speaks straight to the server: prompts, permissions, hooks and tools of its own', async ({
  server,
}) => {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }
  const options = { permissionMode: 'default', model: 'claude-haiku-4-5', systemPrompt: 'of the session' }
  const body = JSON.stringify({ id: 'page', kind: 'stdio', options })
  expect((await fetch(`${server.url}/sessions`, { method: 'POST', headers, body })).status).toBe(201)
  const heard = await runBrowser(socketUrl(server, 'page'), TOKEN, 'hello', 'mcp: mcp__page__ping')
  const messages = heard.flatMap(({ message }) => message ?? [])
  const results = messages.filter(({ type }) => type === 'result').map(({ result }) => result)
  expect(results[0]).toBe('echo: hello')
  expect(results[1]).toContain('got: pong of a page')
  expect(messages[0]).toMatchObject({ type: 'system', subtype: 'init', model: 'claude-haiku-4-5' })
  expect(heard).toContainEqual({ asked: 'mcp__page__ping' })
  expect(heard).toContainEqual({ hook: 'PreToolUse' })
  expect(heard.at(-1)).toEqual({ ended: true })
  // The next one goes on with the conversation of the session.
  const next = await runBrowser(socketUrl(server, 'page'), TOKEN, 'again')
  expect(next.find(({ message }) => message?.type === 'result')?.message).toMatchObject({
    result: 'echo: again',
    session_id: messages.at(-1)!.session_id,
  })
}, 120_000)

test('the browser SDK with a wrong token is told so', async ({ server }) => {
  const heard = await runBrowser(socketUrl(server, 'wrong'), 'not-the-token', 'hello')
  expect(heard.at(-1)?.error).toContain('4401')
})

test('lines that would end the agent or steer the server are answered and not passed on', async ({
  server,
  world,
}) => {
  const peer = await begin(world, server, 'hostile')
  const wrong: [string | Buffer, string][] = [
    ['this is no JSON\n', 'invalid_json'],
    ['"a text"\n', 'unknown_type'],
    [
      '{"type":"update_environment_variables","variables":{"ANTHROPIC_BASE_URL":"http://evil"}}\n',
      'unknown_type',
    ],
    ['{"type":"control_cancel_request"}\n', 'invalid_message'],
    [`{"type":"user","message":${'['.repeat(1000)}${']'.repeat(1000)}}\n`, 'invalid_message'],
    [Buffer.from([1, 2, 3, 10]), 'binary_frame'],
    ['x'.repeat(1024 * 1024 + 2), 'line_too_long'],
  ]
  for (const [text, code] of wrong) {
    const before = peer.lines.length
    peer.write(text)
    if (code === 'line_too_long') peer.write('\n')
    const line = await until(code, () => peer.lines.slice(before).find(({ type }) => type === 'error'))
    expect(line).toMatchObject({ type: 'error', code })
  }
  // Prompts that the CLI would die of have a result, which an SDK waits for.
  for (const line of [{ type: 'user' }, { type: 'user', message: { role: 'assistant', content: 'x' } }]) {
    const before = peer.lines.length
    peer.send(line)
    const result = await until('a result', () =>
      peer.lines.slice(before).find(({ type }) => type === 'result'),
    )
    expect(result).toMatchObject({ is_error: true, subtype: 'error_during_execution' })
  }
  // A line may come in pieces, and several in a frame.
  const line = JSON.stringify({ type: 'user', message: { role: 'user', content: 'in pieces' } })
  peer.write(line.slice(0, 10))
  peer.write(`${line.slice(10)}\n{"type":"keep_alive"}\n\n`)
  expect(await peer.result('in pieces')).toMatchObject({ result: 'echo: in pieces' })
}, 120_000)

test('control requests go by the policy of options and calls', async ({ server, world }) => {
  const peer = await begin(world, server, 'policy')
  const refused: [object, string][] = [
    [{ subtype: 'apply_flag_settings', settings: { apiKeyHelper: 'id' } }, 'apiKeyHelper'],
    [{ subtype: 'apply_flag_settings', settings: { env: { LD_PRELOAD: 'x' } } }, 'LD_PRELOAD'],
    [{ subtype: 'mcp_set_servers', servers: { a: { type: 'ws-ide', url: 'x' } } }, 'mcpServers'],
    [{ subtype: 'set_permission_mode', mode: 'anything' }, 'permissionMode'],
    [{ subtype: 'reload_plugins', add_plugins: [{ type: 'local', path: '/etc' }] }, 'reloadPlugins'],
    [{ subtype: 'initialize', plugins: [{ type: 'local', path: '../x' }] }, 'plugins'],
    [{ subtype: 'initialize', managedSettings: {} }, 'managedSettings'],
    [{ subtype: 'initialize', hooks: 7 }, 'hooks'],
    [{ subtype: 'get_settings' }, 'get_settings'],
    [{ subtype: 'mcp_call', tool: 'x' }, 'mcp_call'],
    [{ subtype: 'can_use_tool' }, 'can_use_tool'],
    [{ subtype: 'register_repo_root', path: '/' }, 'register_repo_root'],
    [{ subtype: 'remote_control', enabled: true }, 'remote_control'],
    [{ subtype: 'toString' }, 'toString'],
    [{ subtype: 'set_cwd', path: '/' }, 'set_cwd'],
  ]
  for (const [request, text] of refused)
    expect(await peer.request(request)).toMatchObject({
      subtype: 'error',
      error: expect.stringContaining(text),
    })
  expect(await peer.request({ subtype: 'set_model', model: 'claude-haiku-4-5' })).toMatchObject({
    subtype: 'success',
  })
  // Secrets that went in do not come out.
  const servers = {
    far: { type: 'http', url: 'http://127.0.0.1:9/', headers: { authorization: 'secret-header' } },
  }
  expect(await peer.request({ subtype: 'mcp_set_servers', servers })).toMatchObject({ subtype: 'success' })
  const status = await peer.request({ subtype: 'mcp_status' })
  expect(JSON.stringify(status)).toContain('far')
  expect(JSON.stringify(status)).not.toContain('secret-header')
}, 120_000)

test('one client has the process; when it leaves, its turn ends and the next goes on', async ({
  server,
  world,
}) => {
  const first = await begin(world, server, 'one')
  const second = new LinePeer(socketUrl(server, 'one'), { authorization: `Bearer ${TOKEN}` })
  world.defer(() => second.socket.terminate())
  await until('the second is closed', () => second.closed !== undefined)
  expect(second.closed?.code).toBe(4409)
  first.prompt('I am Alan')
  await first.result('I am Alan')
  first.socket.terminate()
  const third = await until('the first is gone', async () => {
    const peer = new LinePeer(socketUrl(server, 'one'), { authorization: `Bearer ${TOKEN}` })
    world.defer(() => peer.socket.terminate())
    await peer.open()
    const answer = await peer.request({ subtype: 'initialize' }).catch(() => undefined)
    return answer?.['subtype'] === 'success' && peer
  })
  third.prompt('and I?')
  expect(await third.result('and I?')).toMatchObject({ result: 'echo: and I?' })
}, 120_000)

test('no prompt is taken before the first line, nor beyond a limit of the session', async ({
  server,
  world,
}) => {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ id: 'limited', kind: 'stdio', limits: { maxTurns: 0 } })
  await fetch(`${server.url}/sessions`, { method: 'POST', headers, body })
  const peer = new LinePeer(socketUrl(server, 'limited'), { authorization: `Bearer ${TOKEN}` })
  world.defer(() => peer.socket.terminate())
  await peer.open()
  peer.prompt('too early')
  expect(JSON.stringify(await peer.result('initialize'))).toContain('initialize')
  await peer.request({ subtype: 'initialize' })
  peer.prompt('too many')
  expect(JSON.stringify(await peer.result('maxTurns'))).toContain('limit')
}, 120_000)
