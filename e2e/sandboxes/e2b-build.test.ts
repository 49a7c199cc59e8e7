import { appendFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '@claude-agent/e2b-build'
import { e2b } from '@claude-agent/sandbox/e2b'
import { Sandbox } from 'e2b'
import { afterAll, beforeAll } from 'vitest'
import { E2bDouble } from '../doubles/e2b/double.ts'
import { templateRoutes } from '../doubles/e2b/templates.ts'
import { whyNoRoots } from '../doubles/e2b/templates-enter.ts'
import { bash, script } from '../support/messages.ts'
import { describe, expect, test } from '../support/test.ts'
import { copyWorkingTree } from './support/working-tree.ts'

const reason = whyNoRoots()
const KEY = 'key-of-the-template-5d21'

// One double for all: what one build made, the next one finds.
let double: E2bDouble
let tree: string

beforeAll(async () => {
  double = await E2bDouble.start({ routes: [templateRoutes] })
  tree = await copyWorkingTree(await mkdtemp(join(tmpdir(), 'working-tree-')))
}, 60_000)

afterAll(async () => {
  await double.close()
  await rm(tree, { recursive: true, force: true })
})

/** Runs `build:e2b` against the double. */
async function build(
  args: string[] = [],
  env: Record<string, string> = {},
  root = tree,
): Promise<{ code: number; lines: string[]; text: string }> {
  const lines: string[] = []
  const known = { E2B_API_KEY: double.apiKey, E2B_API_URL: double.url }
  const print = (line: string): unknown => lines.push(line)
  const code = await run({ root, args, env: { ...known, ...env }, print })
  return { code, lines, text: lines.join('\n') }
}

/** What came of the first build of the tree. */
let first: ReturnType<typeof build> | undefined
async function built(): ReturnType<typeof build> {
  first ??= build()
  return await first
}

/** A working tree with a configuration of its own. */
async function configured(folder: string, config: object): Promise<string> {
  await cp(tree, folder, { recursive: true })
  await writeFile(join(folder, 'e2b.config.json'), JSON.stringify(config))
  return folder
}

describe.skipIf(reason !== undefined)(
  `a build against the double${reason ? ` (left out: ${reason})` : ''}`,
  () => {
    test(
      'says what it does, step by step and with the time, and gives a template',
      { timeout: 120_000 },
      async () => {
        const { code, text } = await build()
        expect(text).toMatch(/^ +\d+\.\ds {2}Building 'claude-agent-server' \(2 cores, 2048 MiB\)$/m)
        for (const title of ['system packages', 'users', 'dependencies', 'server'])
          expect(text).toMatch(new RegExp(String.raw`^ +\d+\.\ds {2}\[builder \d/\d\] ${title}$`, 'm'))
        expect(text).toMatch(/^ +\d+\.\ds {2}Template 'claude-agent-server' is ready \([0-9a-f]+\)$/m)
        expect(code).toBe(0)
        expect(text).not.toContain(double.apiKey)
        expect(double.record.find('POST', '/v3/templates')[0]!.body).toContain('"cpuCount":2')
      },
    )

    test(
      'makes sandboxes that are sealed, then hold a conversation, with an agent who is nobody else',
      {
        timeout: 120_000,
      },
      async ({ world }) => {
        const command = `id -un; pwd; grep -E 'NoNewPrivs|CapEff' /proc/self/status; cat /run/claude-agent/token 2>&1; env`
        const claude = await world.claude({ script: script(bash('who', command)) })
        await built()
        const provider = e2b(double.connection)
        const sandbox = await provider.create({
          envs: { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: claude.url },
        })
        world.defer(() => sandbox.kill())
        const { url, headers } = await sandbox.endpoint()
        const client = world.client(`${url.replace('http', 'ws')}/ws`, {
          ...headers,
          authorization: `Bearer ${sandbox.token}`,
        })
        await client.next((frame) => frame.type === 'connected')
        client.prompt('who')
        const { result } = await client.result(60_000)
        expect(result).toMatch(/^printed: agent\n\/home\/agent\/workspace\n/)
        expect(result).toMatch(/CapEff:\s+0000000000000000\nNoNewPrivs:\s+1/)
        expect(result).toContain('/run/claude-agent/token: Permission denied')
        expect(result).not.toMatch(`${KEY}|${sandbox.token}`)
      },
    )

    test(
      'leaves nothing that E2B opens to everybody: no programs to replace, no empty password',
      {
        timeout: 120_000,
      },
      async ({ world }) => {
        await built()
        const sandbox = await Sandbox.create('claude-agent-server', double.connection)
        world.defer(() => sandbox.kill())
        const writable = await sandbox.commands.run(
          'find /usr/local /opt /etc /run/claude-agent /var/lib/claude-agent-server ! -type l -writable 2>/dev/null; true',
          { user: 'agent' },
        )
        expect(writable.stdout).toBe('')
        const shadow = await sandbox.commands.run('cut -d: -f1,2 /etc/shadow', { user: 'root' })
        expect(shadow.stdout.split('\n').filter((line) => line.endsWith(':'))).toEqual([])
        const groups = await sandbox.commands.run('id -Gn', { user: 'agent' })
        expect(groups.stdout.trim()).toBe('agent')
      },
    )

    test(
      'is quick when nothing has changed: nothing is uploaded, no step runs again',
      {
        timeout: 120_000,
      },
      async () => {
        await built()
        const before = double.record.find('PUT', /^\/upload\//).length
        const { code, lines } = await build()
        expect(code).toBe(0)
        expect(double.record.find('PUT', /^\/upload\//)).toHaveLength(before)
        const steps = lines.filter((line) => /\[builder \d\/\d\] [a-z]/.test(line))
        expect(steps.length).toBeGreaterThan(4)
        for (const line of steps) expect(line).toMatch(/\(unchanged\)$/)
      },
    )

    test('goes on when E2B fails for a moment to say how far it is', { timeout: 120_000 }, async () => {
      await built()
      double.failures.order({ method: 'GET', path: /\/status/, status: 503, times: 3 })
      const { code, text } = await build()
      expect(code, text).toBe(0)
    })

    test(
      'runs the last steps only when a source of the server has changed',
      { timeout: 120_000 },
      async () => {
        await built()
        await appendFile(join(tree, 'packages/server/dist/program/bin.js'), '// changed\n')
        const { code, text } = await build()
        expect(code).toBe(0)
        expect(text).toMatch(/dependencies \(unchanged\)$/m)
        expect(text).toMatch(/server \(copy\)$/m)
        expect(text).toMatch(/server$/m)
      },
    )

    test(
      'brings packages, files and commands of the configuration',
      { timeout: 120_000 },
      async ({ world }) => {
        const root = await configured(await world.folder(), {
          name: 'with-extras',
          cpuCount: 1,
          memoryMB: 1024,
          aptPackages: ['jq'],
          files: [
            { from: 'skills', to: '/home/agent/.claude/skills' },
            { from: 'tool.sh', to: '/usr/local/bin/', mode: '755' },
          ],
          commands: ['tool.sh > /home/agent/out', 'chown agent:agent /home/agent/out'],
        })
        await mkdir(join(root, 'skills/one'), { recursive: true })
        await writeFile(join(root, 'skills/one/SKILL.md'), '# one')
        await writeFile(join(root, 'tool.sh'), '#!/bin/sh\necho from the tool\n')
        const { code, text } = await build([], {}, root)
        expect(code, text).toBe(0)
        const sandbox = await Sandbox.create('with-extras', double.connection)
        world.defer(() => sandbox.kill())
        const shown = await sandbox.commands.run(
          'cat /home/agent/out; stat -c "%U %a" /home/agent/.claude /home/agent/.claude/skills/one/SKILL.md /home/agent/out',
          { user: 'agent', cwd: '/' },
        )
        expect(shown.stdout).toBe('from the tool\nagent 755\nagent 644\nagent 644\n')
      },
    )

    test(
      'shows the step that fails with the end of its log, and ends with 1',
      { timeout: 120_000 },
      async ({ world }) => {
        const root = await configured(await world.folder(), {
          name: 'failing',
          commands: ['true', 'seq 1 50; echo it went wrong >&2; exit 3'],
        })
        const { code, text } = await build([], {}, root)
        expect(code).toBe(1)
        const said = text.slice(text.indexOf('\nbuild:e2b:'))
        expect(said).toMatch(
          /^\nbuild:e2b: The build failed at step 'command 2 of e2b\.config\.json': .*exit status 3/,
        )
        expect(said).toMatch(/\n {2}\| .*it went wrong\n/)
        expect(said).toContain('50')
        expect(said).not.toMatch(/\b7\b|at .*\.(ts|js|mjs):/)
        expect(double.templates.find('failing')).toBeUndefined()
      },
    )

    test(
      'shows it for a package that there is not, and for a server that does not start',
      {
        timeout: 120_000,
      },
      async ({ world }) => {
        const packages = await configured(await world.folder(), { aptPackages: ['no-such-thing'] })
        expect((await build([], {}, packages)).text).toMatch(
          /failed at step 'system packages'.*\n( {2}\| .*\n)* {2}\| .*Unable to locate package no-such-thing\n/,
        )
        const broken = await configured(await world.folder(), {})
        await writeFile(
          join(broken, 'packages/server/dist/program/bin.js'),
          'throw new Error("broken on purpose")\n',
        )
        const { code, text } = await build(['--name', 'broken'], {}, broken)
        expect(code).toBe(1)
        expect(text).toMatch(/build:e2b: The build failed at the start of the server: /)
        expect(text).toMatch(/ {2}\| .*broken on purpose/)
      },
    )
  },
)

describe('a build that cannot begin', () => {
  test.each([
    ['no key', [], { E2B_API_KEY: '' }, /^build:e2b: E2B_API_KEY is not set\. Put it into \.env/],
    [
      'a wrong key',
      [],
      { E2B_API_KEY: `e2b_${'1'.repeat(40)}` },
      /^build:e2b: E2B does not take the API key: /,
    ],
    ['too many cores', ['--cpu', '64'], {}, /^build:e2b: E2B refuses the build: .*at most 8/],
    [
      'nobody who answers',
      [],
      { E2B_API_URL: 'http://127.0.0.1:9' },
      /^build:e2b: E2B at http:\/\/127\.0\.0\.1:9 does not answer: /,
    ],
  ])('says so in a line, with %s', async (_, args, env, said) => {
    const { code, lines, text } = await build(args, env)
    expect(code).toBe(1)
    expect(lines.at(-1)!.trim()).toMatch(said)
    expect(text).not.toMatch(/at .*\.(ts|js|mjs):|e2b_[01]{40}/)
  })
})
