import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { ask } from '../support/http.ts'
import { turnsOf } from '../support/messages.ts'
import { layOut, runProgram } from '../support/server.ts'
import { describe, expect, test } from '../support/test.ts'
import { Program } from '../support/program.ts'

describe('the start', () => {
  test('prints where the page and the socket are, the workspace, the access to the model and who may speak', async ({
    world,
  }) => {
    const { url } = await world.claude()
    const server = await world.server({ upstream: url })
    const rows = Object.fromEntries(
      server
        .logs()
        .split('\n')
        .filter((line) => line.startsWith('  '))
        .map((line) => [line.trim().split(/ +/)[0], line.trim().split(/ +/).slice(1).join(' ')]),
    )
    expect(server.logs()).toMatch(/^claude-agent-server \d+\.\d+\.\d+/)
    expect(rows).toMatchObject({
      page: `${server.url}/`,
      websocket: server.wsUrl,
      workspace: server.workspace,
      model: expect.stringContaining(`ANTHROPIC_API_KEY at ${new URL(url).host}`),
      clients: expect.stringMatching(/no token.*agent/),
      permissions: 'bypassPermissions',
    })
    expect(server.program.stderr).toBe('')
  })

  test('with a token says so, without showing it; without any key it says that prompts are refused', async ({
    world,
  }) => {
    const server = await world.server({ token: 'e2e-token-7f3a', key: null })
    expect(server.logs()).toMatch(/clients +with the token/)
    expect(server.logs()).toMatch(/model +none: prompts are refused/)
    expect(server.logs()).not.toContain('e2e-token-7f3a')
  })

  test('creates ~/agent-workspace and ~/.claude-agent-server when nothing else is said, and works there', async ({
    world,
  }) => {
    const claude = await world.claude()
    const folder = await world.folder()
    const { home, cwd } = layOut(folder)
    await Promise.all([mkdir(home), mkdir(cwd)])
    const program = new Program({
      args: [],
      cwd,
      env: {
        PATH: process.env['PATH']!,
        HOME: home,
        PORT: '0',
        ANTHROPIC_API_KEY: 'k',
        ANTHROPIC_BASE_URL: claude.url,
      },
    })
    world.defer(async () => {
      program.child.kill('SIGTERM')
      await program.ended
    })
    const [, url] = await program.print(/page +(http:\S+)\/$/m)
    expect((await stat(join(home, 'agent-workspace'))).isDirectory()).toBe(true)
    expect((await stat(join(home, '.claude-agent-server'))).mode & 0o777).toBe(0o700)
    const client = await world.connect({ wsUrl: `${url!.replace('http', 'ws')}/ws`, token: undefined })
    client.prompt('hello')
    await client.result()
    const init = client.messages().find(({ subtype }) => subtype === 'init')
    expect(init?.cwd).toBe(join(home, 'agent-workspace'))
  })

  test('reads .env of the folder that it is started in; the environment and flags win over it', async ({
    world,
  }) => {
    const claude = await world.claude()
    const folder = await world.folder()
    const { cwd } = layOut(folder)
    await mkdir(cwd)
    await writeFile(
      join(cwd, '.env'),
      `# comment\nANTHROPIC_API_KEY="sk-from-the-file"\nANTHROPIC_BASE_URL=${claude.url}\nCLAUDE_AGENT_TOKEN=token-from-the-file\nHOST=0.0.0.0\n`,
    )
    const server = await world.server({ folder, key: null, args: ['--host', '127.0.0.1'] })
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:/)
    expect((await ask(`${server.url}/config`)).status).toBe(401)
    const client = await world.connect({ ...server, token: 'token-from-the-file' })
    client.prompt('hello')
    await client.result()
    expect(turnsOf(claude)[0]?.headers['x-api-key']).toBe('sk-from-the-file')
    server.kill('SIGTERM')
    await server.program.ended
    const second = await world.server({
      folder,
      key: 'sk-from-the-environment',
      token: 'token-of-the-environment',
    })
    expect(
      (await ask(`${second.url}/config`, { headers: { authorization: 'Bearer token-from-the-file' } }))
        .status,
    ).toBe(401)
    expect(
      (await ask(`${second.url}/config`, { headers: { authorization: 'Bearer token-of-the-environment' } }))
        .status,
    ).toBe(200)
  })

  test('leaves a .env in its workspace alone, and says so: the agent, or a clone, could have written it', async ({
    world,
  }) => {
    const claude = await world.claude()
    const evil = await world.claude()
    const folder = await world.folder()
    const { cwd } = layOut(folder)
    await mkdir(cwd)
    await writeFile(join(cwd, '.env'), `ANTHROPIC_BASE_URL=${evil.url}\n`)
    const args = ['--workspace', cwd]
    // Without a URL in the environment the one of the file would count.
    const server = await world.server({ folder, args, key: 'k', upstream: claude.url })
    expect(server.program.stderr).toContain('.env is not read')
    const client = await world.connect(server)
    client.prompt('hello')
    await client.result()
    expect(turnsOf(claude)).toHaveLength(1)
    expect(evil.requests).toEqual([])
  })

  test('serves the page and its health', async ({ world }) => {
    const server = await world.server()
    expect((await ask(`${server.url}/`)).headers['content-type']).toContain('text/html')
    expect((await ask(`${server.url}/health`)).json).toMatchObject({ status: 'ok', sealed: false })
    expect(await ask(`${server.url}/nope`)).toMatchObject({ status: 404, json: { code: 'not_found' } })
    expect(await ask(`${server.url}/ws`)).toMatchObject({
      status: 400,
      json: { hint: expect.stringContaining('ws://') },
    })
  })
})

describe('a wrong setting stops the start with one clear line and exit code 1', () => {
  const wrong: [name: string, start: { env?: Record<string, string>; args?: string[] }, says: RegExp][] = [
    ['a port that is no number', { args: ['--port', 'http'] }, /--port='http'.*whole number/],
    ['a port out of range', { args: ['--port', '70000'] }, /--port='70000'.*65535/],
    ['an unknown flag', { args: ['--prot', '3000'] }, /'--prot'/],
    ['an unknown permission mode', { args: ['--permission-mode', 'yolo'] }, /'yolo'.*bypassPermissions/],
    ['an unknown source of settings', { env: { CLAUDE_AGENT_SETTING_SOURCES: 'all' } }, /'all'.*project/],
    [
      'an origin with a path',
      { env: { CLAUDE_AGENT_ALLOWED_ORIGINS: 'https://a.example/x' } },
      /https:\/\/a\.example\/x/,
    ],
    [
      'a base URL that is none',
      { env: { ANTHROPIC_BASE_URL: 'api.example' } },
      /ANTHROPIC_BASE_URL='api\.example'/,
    ],
    [
      'a workspace that is a file',
      { args: ['--workspace', '/etc/passwd'] },
      /CLAUDE_AGENT_WORKSPACE='\/etc\/passwd'/,
    ],
    ['a token with a space', { env: { CLAUDE_AGENT_TOKEN: 'two words' } }, /CLAUDE_AGENT_TOKEN.*one word/],
    [
      'a host that is none of this machine',
      { env: { CLAUDE_AGENT_TOKEN: 't' }, args: ['--host', '203.0.113.1'] },
      /203\.0\.113\.1/,
    ],
  ]
  test.for(wrong)('%s', async ([, start, says]) => {
    const end = await runProgram(start)
    expect(end).toMatchObject({ code: 1, stdout: '' })
    expect(end.stderr.trim()).toMatch(/^claude-agent-server: /)
    expect(end.stderr).toMatch(says)
    expect(end.stderr.trim().split('\n')).toHaveLength(1)
    expect(end.stderr).not.toContain('two words')
  })

  test('a port that is taken', async ({ world }) => {
    const taken = createServer()
    await new Promise<void>((go) => taken.listen(0, '127.0.0.1', go))
    world.defer(() => taken.close())
    const { port } = taken.address() as AddressInfo
    const end = await runProgram({ args: ['--port', String(port)] })
    expect(end).toMatchObject({ code: 1, stdout: '' })
    expect(end.stderr.trim()).toMatch(
      new RegExp(`^claude-agent-server: Port ${port} of 127\\.0\\.0\\.1 is taken\\.[^\n]*$`),
    )
  })
})

test('--help lists every setting with its variable and default, and --version tells the version', async () => {
  const help = await runProgram({ args: ['--help'] })
  expect(help).toMatchObject({ code: 0, stderr: '' })
  for (const name of [
    '--port',
    'PORT',
    '3000',
    'CLAUDE_AGENT_TOKEN',
    '--workspace',
    '~/agent-workspace',
    'CLAUDE_AGENT_DATA_DIR',
  ]) {
    expect(help.stdout).toContain(name)
  }
  const version = await runProgram({ args: ['--version'] })
  const { version: known } = JSON.parse(
    await readFile(new URL('../../packages/server/package.json', import.meta.url), 'utf8'),
  ) as { version: string }
  expect(version).toMatchObject({ code: 0, stdout: `${known}\n`, stderr: '' })
})
