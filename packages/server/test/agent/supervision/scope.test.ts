import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { AgentProcess, type AgentExit } from '../../../src/agent/agent-process.ts'
import { MARK_VARIABLE } from '../../../src/agent/supervision/marks.ts'
import { Scope } from '../../../src/agent/supervision/scope.ts'
import { temporaryFolder, until } from '../../support.ts'
import { isAlive, NO_GROUPS, noGroups, orWhyNot, run, supervise } from './agents.ts'

const kinds = [
  { kind: 'marks', title: 'a program in a scope of marks', isSkipped: process.platform !== 'linux' },
  { kind: 'cgroup', title: orWhyNot('a program in a control group'), isSkipped: noGroups !== undefined },
] as const

const open = async (kind: 'marks' | 'cgroup'): Promise<Scope> =>
  (await supervise(randomUUID(), kind === 'marks' ? NO_GROUPS : {})).open()

const node = (script: string, ...args: string[]) => ({
  command: process.execPath,
  args: ['-e', script, ...args],
})

for (const { kind, title, isSkipped } of kinds)
  describe.skipIf(isSkipped)(title, () => {
    test('gets its input, gives its output apart from its errors, and its exit code', async () => {
      const script = `process.stdin.on('data', (data) => process.stdout.write(data)).on('end', () => { console.error('bad'); process.exitCode = 42 })`
      const child = run(await open(kind), node(script))
      child.stdin.end('one\ntwo')
      const [out, error, [code]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'close'),
      ])
      expect({ out, error, code: code as number }).toEqual({ out: 'one\ntwo', error: 'bad\n', code: 42 })
    })

    test('has the id that the server knows, leads a process group, and gets its signals', async () => {
      const script = `process.on('SIGTERM', () => process.exit(7)); console.log(process.pid); setInterval(() => {}, 1 << 30)`
      const child = run(await open(kind), node(script))
      const [first] = (await once(child.stdout, 'data')) as [Buffer]
      expect(Number(String(first))).toBe(child.pid)
      const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8')
      expect(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]).toBe(String(child.pid))
      child.kill('SIGTERM')
      expect(await once(child, 'exit')).toEqual([7, null])
    })

    test('gives way to the server with all that it starts, when it is to', async () => {
      const scope = (
        await supervise(randomUUID(), { ...(kind === 'marks' ? NO_GROUPS : {}), niceness: 7 })
      ).open()
      const command = { command: 'sh', args: ['-c', 'nice; cat /proc/self/autogroup 2>/dev/null || true'] }
      const said = async (givesWay: boolean): Promise<string> =>
        await text(scope.spawn(command, { cwd: '/', env: { PATH: process.env['PATH'] }, givesWay }).stdout)
      expect(await said(true)).toMatch(/^7\n(\/autogroup-\d+ nice 7\n)?$/)
      expect(await said(false)).toMatch(/^0\n(\/autogroup-\d+ nice 0\n)?$/)
    })

    test('that is killed is told to have been killed', async () => {
      const child = run(await open(kind), { command: 'tail', args: ['-f', '/dev/null'] })
      child.kill('SIGKILL')
      expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])
    })

    test('gets its arguments and its environment as they were given, and the mark', async () => {
      const args = ['', 'a b', '$HOME', "'", '"', '*', '--', '\n', 'ü']
      for (const env of [
        { A: '1', B: 'x\ny$z`' },
        { 'a.b': '1', PWD: '/somewhere', IFS: 'x', _: 'y' },
      ]) {
        const script = 'console.log(JSON.stringify([process.argv.slice(1), process.env]))'
        const child = run(await open(kind), node(script, '--', ...args), env)
        const [seen, { [MARK_VARIABLE]: mark, ...environment }] = JSON.parse(await text(child.stdout)) as [
          string[],
          Record<string, string>,
        ]
        // Where `sh` is bash, it tells what it started.
        if (!('_' in env)) delete environment['_']
        expect(seen).toEqual(args)
        expect(environment).toEqual({ PATH: process.env['PATH'], ...env })
        expect(mark).toMatch(/^[\w-]{36}\/\w+\/1\/$/)
      }
    })

    test('is in the group that its scope can end, with any environment', async () => {
      for (const env of [{}, { 'a.b': '1' }]) {
        const scope = await open(kind)
        const child = run(
          scope,
          node(
            `console.log(require('node:fs').readFileSync('/proc/self/cgroup', 'utf8')); setInterval(() => {}, 1 << 30)`,
          ),
          env,
        )
        const [groups] = (await once(child.stdout, 'data')) as [Buffer]
        expect(/\/claude-agent-.*\/1$/m.test(String(groups))).toBe(kind === 'cgroup')
        await scope.kill()
        expect(await isAlive(child.pid!)).toBe(false)
      }
    })

    const exitOf = async (command: string): Promise<AgentExit> => {
      const options = { command, args: [], cwd: '/', env: {}, signal: new AbortController().signal }
      const child = new AgentProcess(options, await open(kind), () => {})
      const exit = await child.exited
      await child.stop()
      return exit
    }

    test('that is missing is named as the cause', async () => {
      const { cause } = await exitOf('/no/such/program')
      expect(cause).toMatch(/\/no\/such\/program.*(ENOENT|not found|No such file)/)
    })

    test('that may not be run is named as the cause', async () => {
      const path = join(await temporaryFolder(), 'no-program')
      await writeFile(path, '#!/bin/sh\n')
      await chmod(path, 0o644)
      const { cause } = await exitOf(path)
      expect(cause).toContain(path)
      expect(cause).toMatch(/EACCES|[Pp]ermission denied/)
    })

    test('is stopped with its children, by the process that it is given to', async () => {
      const scope = await open(kind)
      const options = {
        command: '/bin/sh',
        args: ['-c', 'setsid tail -f /dev/null & exec tail -f /dev/null'],
        cwd: '/',
        env: { PATH: process.env['PATH'] },
        signal: new AbortController().signal,
      }
      const child = new AgentProcess(options, scope, () => {})
      await until('both run', async () => (await scope.find()).length === 2)
      expect(await child.stop()).toMatchObject({ signal: 'SIGTERM', code: null })
      expect(await scope.find()).toEqual([])
    })
  })

test.skipIf(process.platform !== 'linux')(
  'a group that cannot be entered does not keep a program from starting',
  async () => {
    const group = await temporaryFolder()
    await mkdir(join(group, 'cgroup.procs'))
    for (const env of [{}, { 'a.b': '1' }]) {
      const child = run(new Scope(`${randomUUID()}/`, group), { command: 'echo', args: ['started'] }, env)
      expect(await Promise.all([text(child.stdout), text(child.stderr)])).toEqual(['started\n', ''])
    }
  },
)
