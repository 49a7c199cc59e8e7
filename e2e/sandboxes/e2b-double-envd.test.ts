import { Sandbox } from 'e2b'
import { join } from 'node:path'
import { ask } from '../support/http.ts'
import { until } from '../support/until.ts'
import { describe, expect, marked, route, test } from './e2b-world.ts'

describe('envd', () => {
  test('files are written, read, listed, moved and removed', async ({ startDouble }) => {
    const double = await startDouble()
    const { files } = await Sandbox.create('base', double.connection)
    const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => index % 251)
    await files.write('/data/deep/a.bin', new Blob([bytes]), { user: 'user' })
    expect(await files.read('/data/deep/a.bin', { format: 'bytes' })).toEqual(bytes)
    await files.write([
      { path: '/data/b.txt', data: 'b' },
      { path: 'c.txt', data: 'ä' },
    ])
    expect(await files.read('/home/user/c.txt')).toBe('ä')
    await files.write('/data/z.bin', new Blob([bytes]), { gzip: true })
    expect(await files.read('/data/z.bin', { format: 'bytes' })).toEqual(bytes)
    expect(await files.makeDir('/data/new')).toBe(true)
    expect(await files.makeDir('/data/new')).toBe(false)
    await files.rename('/data/b.txt', '/data/new/b.txt')
    const found = await files.list('/data', { depth: 2 })
    expect(found.map(({ path, type }) => `${type} ${path}`).sort()).toEqual([
      'dir /data/deep',
      'dir /data/new',
      'file /data/deep/a.bin',
      'file /data/new/b.txt',
      'file /data/z.bin',
    ])
    expect((await files.getInfo('/data/new/b.txt')).size).toBe(1)
    await files.remove('/data/new')
    expect(await files.exists('/data/new/b.txt')).toBe(false)
    await expect(files.read('/nowhere')).rejects.toMatchObject({ name: 'FileNotFoundError' })
    await expect(files.read('/data', { user: 'nobody-here' })).rejects.toMatchObject({
      name: 'AuthenticationError',
    })
  })

  test('a folder is watched', async ({ startDouble }) => {
    const double = await startDouble()
    const { files } = await Sandbox.create('base', double.connection)
    await files.makeDir('/watched/inner')
    const seen: string[] = []
    const handle = await files.watchDir('/watched', ({ name, type }) => void seen.push(`${type} ${name}`), {
      recursive: true,
      timeoutMs: 0,
    })
    await files.write('/watched/inner/a.txt', 'a')
    await until('the write is seen', () => seen.includes('write inner/a.txt'))
    await files.remove('/watched/inner/a.txt')
    await until('the removal is seen', () => seen.includes('remove inner/a.txt'))
    await handle.stop()
  })

  test('commands run, speak, fail, take input and are killed', async ({ startDouble }) => {
    const double = await startDouble()
    const sandbox = await Sandbox.create('base', { ...double.connection, envs: { GIVEN: 'at create' } })
    const { commands } = sandbox
    const said = await commands.run('echo "$GIVEN $MORE"; echo no >&2; pwd', {
      envs: { MORE: 'now' },
      cwd: '/tmp',
    })
    const { root } = double.sandboxes.get(sandbox.sandboxId)!
    expect(said).toMatchObject({
      stdout: `at create now\n${join(root, 'tmp')}\n`,
      stderr: 'no\n',
      exitCode: 0,
    })
    await expect(commands.run('exit 3')).rejects.toMatchObject({ exitCode: 3 })
    const cat = await commands.run('read line; echo "<$line>"', { background: true, stdin: true })
    await commands.sendStdin(cat.pid, 'words\n')
    expect((await cat.wait()).stdout).toBe('<words>\n')
    const sleeper = await commands.run('sleep 4711', { background: true, timeoutMs: 0 })
    expect((await commands.list()).map(({ pid }) => pid)).toContain(sleeper.pid)
    expect(await sleeper.kill()).toBe(true)
    await expect(sleeper.wait()).rejects.toThrow(/signal/)
    expect(await commands.kill(sleeper.pid)).toBe(false)
  })

  test('a command dies with its deadline, but not with who listens', async ({ startDouble }) => {
    const double = await startDouble()
    const sandbox = await Sandbox.create('base', double.connection)
    const late = await sandbox.commands.run('sleep 4712', { background: true, timeoutMs: 300 })
    await expect(late.wait()).rejects.toMatchObject({ name: 'TimeoutError' })
    await until('it is dead', async () => (await marked(sandbox.sandboxId)).length === 0)
    const kept = await sandbox.commands.run('sleep 4713', { background: true, timeoutMs: 0 })
    await kept.disconnect()
    await sandbox.commands.run('true')
    expect((await marked(sandbox.sandboxId)).some((command) => command.includes('4713'))).toBe(true)
  })

  test('who lacks the access token gets nothing', async ({ startDouble }) => {
    const double = await startDouble()
    const sandbox = await Sandbox.create('base', double.connection)
    await sandbox.files.write('/secret', 'x')
    const headers = route(sandbox, 49_983)
    expect((await ask(`${double.url}/files?path=/secret`, { headers })).status).toBe(401)
    const call = { headers: { ...headers, 'content-type': 'application/json' }, method: 'POST', body: {} }
    expect((await ask(`${double.url}/process.Process/List`, call)).status).toBe(401)
  })
})
