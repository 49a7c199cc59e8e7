import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { docker } from '../../src/docker/docker.ts'
import type { CreateOptions, Sandbox } from '../../src/provider.ts'
import { failure } from '../failure.ts'
import { http } from '../speak.ts'
import { until } from '../until.ts'
import { call, findReason, nameOf, RESOURCES } from './engine.ts'

const reason = await findReason()
const provider = docker()
const sandboxes: Sandbox[] = []

async function create(options: CreateOptions = {}): Promise<Sandbox> {
  const sandbox = await provider.create({ resources: RESOURCES, ...options })
  sandboxes.push(sandbox)
  return sandbox
}

/** Runs a command in the container, as root unless another user is named. */
async function inside({ id }: Sandbox, command: string, user = 'root'): Promise<string> {
  return (await call(['exec', `--user=${user}`, nameOf(id), 'sh', '-c', command])).trim()
}

async function volumesOf({ id }: Sandbox): Promise<string[]> {
  const format = '{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}} {{end}}{{end}}'
  return (await call(['inspect', '--format', format, nameOf(id)])).trim().split(' ')
}

describe(`a sandbox in Docker`, { timeout: 120_000 }, () => {
  if (reason !== undefined) console.log(reason)
  beforeEach(({ skip }) => {
    if (reason !== undefined) skip(reason)
  })
  beforeAll(() => expect(provider.engine).toBe('docker'))
  afterEach(async () => {
    await Promise.all(sandboxes.splice(0).map((sandbox) => sandbox.kill()))
  })

  test('runs its server as `server` with five capabilities, on a root that nobody writes to', async () => {
    const sandbox = await create()
    const status = await inside(sandbox, 'cat /proc/$(pgrep -o -x node)/status')
    expect(status).toMatch(/^Uid:\s+900\s+900\s+900\s+900$/m)
    // KILL, SETGID, SETUID, SYS_PTRACE and DAC_OVERRIDE; the bounding set has no more either.
    for (const set of ['Prm', 'Eff', 'Bnd', 'Amb'])
      expect(status).toMatch(new RegExp(`^Cap${set}:\\s+00000000000800e2$`, 'm'))
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m)
    expect(await inside(sandbox, 'touch /opt/here || echo refused')).toBe('refused')
  })

  test('keeps its data and its environment from the agent', async () => {
    const sandbox = await create({ envs: { ANTHROPIC_API_KEY: 'sk-ant-of-this-test' } })
    const places = [
      '/var/lib/claude-agent-server',
      '/run/claude-agent',
      '/proc/1/environ',
      '/proc/$(pgrep -o -x node)/environ',
    ]
    for (const place of places)
      expect(
        await inside(sandbox, `cat ${place}/* ${place} 2>&1 | tr '\\0' '\\n' || true`, 'agent'),
        place,
      ).not.toContain('sk-ant')
    expect(await inside(sandbox, 'cat /proc/1/environ 2>&1 || true', 'agent')).toContain('Permission denied')
    expect(await inside(sandbox, 'ls /var/lib/claude-agent-server 2>&1 || true', 'agent')).toContain(
      'Permission denied',
    )
    expect(await inside(sandbox, 'touch ~/workspace/mine && echo done', 'agent')).toBe('done')
  })

  test('cannot reach another one over the network, nor be reached but on loopback', async () => {
    const [one, two] = await Promise.all([create(), create()])
    const { url } = await two.endpoint()
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const address = (
      await call([
        'inspect',
        '--format',
        '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
        nameOf(two.id),
      ])
    ).trim()
    const knock = `timeout 3 bash -c 'exec 3<>/dev/tcp/${address}/3000' && echo reached || echo refused`
    expect(await inside(two, knock)).toBe('reached')
    expect(await inside(one, knock)).toBe('refused')
  })

  test('without internet reaches no address and no name, and is reached itself', async () => {
    const sandbox = await create({ network: { internet: false } })
    expect((await http(sandbox, '/health')).status).toBe(200)
    expect((await http(sandbox, '/sessions')).status).toBe(200)
    expect(await inside(sandbox, 'ip route 2>/dev/null || cat /proc/net/route')).not.toMatch(
      /default|\s00000000\s.*\s00000000$/m,
    )
    const resolve = `node -e "require('dns').lookup('example.com', (error) => console.log(error.code))"`
    expect(await inside(sandbox, resolve)).toMatch(/EAI_AGAIN|ENOTFOUND/)
  })

  test('that was stopped with its engine goes on at connect(), with its files', async () => {
    const sandbox = await create()
    await inside(sandbox, 'echo kept > ~/workspace/note', 'agent')
    await call(['stop', nameOf(sandbox.id)])
    expect(await provider.list()).toContainEqual(expect.objectContaining({ id: sandbox.id, state: 'paused' }))
    const again = await provider.connect(sandbox.id)
    expect(again.token).toBe(sandbox.token)
    expect(await inside(again, 'cat ~/workspace/note', 'agent')).toBe('kept')
    expect((await http(again, '/sessions')).status).toBe(200)
  })

  test('whose time was over is removed with its volumes by whichever client lists or creates next', async () => {
    const sandbox = await create({ timeoutMs: 1_000 })
    const volumes = await volumesOf(sandbox)
    expect(volumes).toHaveLength(2)
    await until(
      'its time is over',
      async () =>
        (await call(['inspect', '--format', '{{.State.Status}}', nameOf(sandbox.id)])).trim() === 'exited',
    )
    const other = docker()
    expect((await other.list()).map(({ id }) => id)).not.toContain(sandbox.id)
    expect((await failure(provider.connect(sandbox.id))).code).toBe('sandbox_not_found')
    const left = await call(['volume', 'ls', '--quiet'])
    for (const volume of volumes) expect(left).not.toContain(volume)
  })

  test('is not extended while it is paused, and says so', async () => {
    const sandbox = await create()
    await sandbox.pause()
    await sandbox.pause()
    expect((await failure(sandbox.extend(60_000))).code).toBe('not_supported')
  })

  test('has the ports that were published; others are reached only from the machine of the engine', async () => {
    const sandbox = await docker({ ports: [8080] }).create({ resources: RESOURCES })
    sandboxes.push(sandbox)
    expect((await sandbox.endpoint(8080)).url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const other = await sandbox.endpoint(8081).catch((error: Error) => error)
    if (other instanceof Error) expect(other).toMatchObject({ code: 'not_supported' })
    else expect(other.url).toMatch(/^http:\/\/[\d.]+:8081$/)
  })

  test('is not made with headers to inject, nor with a runtime that the engine does not have', async () => {
    const network = { injectHeaders: { 'api.anthropic.com': { 'x-api-key': 'secret' } } }
    expect((await failure(provider.create({ network }))).code).toBe('not_supported')
    expect((await failure(docker({ runtime: 'none-such' }).create())).code).toBe('not_supported')
  })

  test('is made with no secret in a command line', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'docker-command-'))
    try {
      const [command, record] = [join(folder, 'docker'), join(folder, 'record')]
      await writeFile(command, `#!/bin/sh\nprintf '%s\\n' "$@" >> '${record}'\nexec docker "$@"\n`)
      await chmod(command, 0o755)
      const sandbox = await docker({ command }).create({
        resources: RESOURCES,
        envs: { ANTHROPIC_API_KEY: 'sk-ant-of-this-test' },
      })
      const lines = await readFile(record, 'utf8')
      expect(lines).toContain('--env=ANTHROPIC_API_KEY\n')
      expect(lines).not.toContain('sk-ant-of-this-test')
      expect(lines).not.toContain(sandbox.token)
      await sandbox.kill()
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('that is watched for its loss keeps no program alive', async () => {
    const sandbox = await create()
    const program = `
      import { docker } from '@claude-agent/sandbox/docker'
      const sandbox = await docker({ lossCheckMs: 50 }).connect('${sandbox.id}')
      sandbox.onLost(() => {})`
    const cwd = new URL('../..', import.meta.url)
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      cwd,
      stdio: 'inherit',
    })
    expect(await once(child, 'exit')).toEqual([0, null])
  })
})

test('an engine that hangs does not hold who aborts, and nothing runs on for long', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'docker-command-'))
  try {
    const command = join(folder, 'docker')
    await writeFile(command, '#!/bin/sh\nexec sleep 15\n')
    await chmod(command, 0o755)
    const error = await failure(docker({ command }).create({ signal: AbortSignal.timeout(200) }))
    expect(error.code).toBe('aborted')
  } finally {
    await rm(folder, { recursive: true })
  }
})
