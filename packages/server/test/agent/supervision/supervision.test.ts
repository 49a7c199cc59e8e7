import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readFile, rmdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  endGroup,
  groupProcesses,
  makeGroup,
  moveToGroup,
} from '../../../src/agent/supervision/control-group.ts'
import { findMarked } from '../../../src/agent/supervision/marks.ts'
import { temporaryFolder, until } from '../../support.ts'
import {
  daemonizing,
  daemonOf,
  groupsOf,
  HOST,
  isAlive,
  NO_GROUPS,
  noGroups,
  orWhyNot,
  run,
  supervise,
} from './agents.ts'

const ids = (entries: readonly { id: number }[]): number[] => entries.map(({ id }) => id)

describe.skipIf(noGroups !== undefined)(orWhyNot('with a control group'), () => {
  test('a daemon that left its session, its parents, its environment and its title is found and killed', async () => {
    const file = join(await temporaryFolder(), 'id')
    const supervision = await supervise()
    expect(supervision.kind).toBe('cgroup')
    const scope = supervision.open()
    const agent = run(scope, daemonizing(file))
    const daemon = await daemonOf(file)
    expect(await readFile(`/proc/${daemon}/environ`, 'utf8')).not.toContain('CLAUDE_AGENT')
    agent.kill('SIGKILL')
    await once(agent, 'exit')
    expect(ids(await scope.find())).toEqual([daemon])
    await scope.kill()
    expect(await isAlive(daemon)).toBe(false)
  })

  test('an agent is ended without another one of the same server', async () => {
    const supervision = await supervise()
    const [first, second] = [supervision.open(), supervision.open()]
    const [one, two] = [first, second].map((scope) =>
      run(scope, { command: 'tail', args: ['-f', '/dev/null'] }),
    )
    await until('both run', async () => (await supervision.find()).length === 2)
    await first.kill()
    expect(ids(await supervision.find())).toEqual([two!.pid])
    expect(await isAlive(one!.pid!)).toBe(false)
  })

  test('directories are gone with the agent and with the server, also those that the agent made', async () => {
    const id = randomUUID()
    const supervision = await supervise(id)
    const [group] = await groupsOf(id)
    const scope = supervision.open()
    run(scope, { command: '/bin/sh', args: ['-c', `mkdir -p "${group}/1/a/.b"; exec tail -f /dev/null`] })
    await until('it made them', () =>
      readFile(`${group}/1/a/.b/cgroup.procs`).then(
        () => true,
        () => false,
      ),
    )
    await scope.kill()
    await expect(readFile(`${group}/1/cgroup.procs`)).rejects.toThrow('ENOENT')
    expect(await groupsOf(id)).toEqual([group])
    await supervision.close()
    expect(await groupsOf(id)).toEqual([])
  })

  test('an end that comes twice, or before anything was started, is none the worse', async () => {
    const supervision = await supervise()
    const scope = supervision.open()
    await scope.kill()
    run(scope, { command: 'tail', args: ['-f', '/dev/null'] })
    await Promise.all([scope.kill(), scope.kill(), supervision.close()])
    await supervision.close()
    expect(await supervision.find()).toEqual([])
  })

  test('a start ends what an earlier one of the same id left, where it ran, and no other server', async () => {
    const [id, other] = [randomUUID(), randomUUID()]
    const neighbour = await supervise(other)
    const neighboured = run(neighbour.open(), { command: 'tail', args: ['-f', '/dev/null'] })
    const [near] = await groupsOf(other)
    // As one that ran in another place of the hierarchy.
    const place = join(dirname(near!), `test-${id}`)
    const left = join(place, `claude-agent-${id}.0`)
    for (const path of [place, left, join(left, '1')]) expect(makeGroup(path)).toBe(true)
    onTestFinished(() => rmdir(place))
    const orphan = spawn('tail', ['-f', '/dev/null'], { env: { PATH: process.env['PATH'] } })
    expect(moveToGroup(join(left, '1'), orphan.pid!)).toBe(true)
    const supervision = await supervise(id)
    expect(await isAlive(orphan.pid!)).toBe(false)
    expect(await groupsOf(id)).not.toContain(left)
    expect(supervision.kind).toBe('cgroup')
    expect(await isAlive(neighboured.pid!)).toBe(true)
  })

  test('a server that an agent of its forerunner started does not end itself', async () => {
    const id = randomUUID()
    const supervision = await supervise(id)
    const command = { command: process.execPath, args: [HOST, id, '', 'tail', '-f', '/dev/null'] }
    const child = run(supervision.open(), command)
    const [told] = (await once(child.stdout, 'data')) as [Buffer]
    expect(JSON.parse(String(told))).toMatchObject({ kind: 'cgroup' })
    expect(await isAlive(child.pid!)).toBe(true)
    await supervision.close()
    expect(await isAlive(child.pid!)).toBe(false)
    expect(await groupsOf(id)).toEqual([])
  })

  test('where the kernel kills no groups, their processes are killed one by one', async () => {
    const id = randomUUID()
    const scope = (await supervise(id)).open()
    const agent = run(scope, { command: 'tail', args: ['-f', '/dev/null'] })
    const [group] = await groupsOf(id)
    await until('it is in its group', async () => (await groupProcesses(group!)).length === 1)
    // The same group, without the file that kills it.
    const older = join(await temporaryFolder(), 'group')
    await mkdir(older)
    await symlink(`${group}/1/cgroup.procs`, join(older, 'cgroup.procs'))
    expect(await endGroup(older), 'a folder with a file in it cannot be removed').toBe(false)
    expect(await isAlive(agent.pid!)).toBe(false)
  })
})

describe.skipIf(process.platform !== 'linux')('without control groups', () => {
  test('marks find and kill what an agent started, in a session of its own too', async () => {
    const supervision = await supervise(randomUUID(), NO_GROUPS)
    expect(supervision.kind).toBe('marks')
    const scope = supervision.open()
    const args = ['-c', 'setsid nohup tail -f /dev/null & exec tail -f /dev/null']
    run(scope, { command: '/bin/sh', args })
    await until('both run', async () => (await scope.find()).length === 2)
    await scope.kill()
    expect(await supervision.find()).toEqual([])
  })

  test('a daemon that cleared its environment escapes: what control groups are for', async () => {
    const file = join(await temporaryFolder(), 'id')
    const scope = (await supervise(randomUUID(), NO_GROUPS)).open()
    run(scope, daemonizing(file))
    const daemon = await daemonOf(file)
    await scope.kill()
    expect(await isAlive(daemon)).toBe(true)
  })

  test('a start ends what carries a mark of an earlier one', async () => {
    const id = randomUUID()
    const earlier = await supervise(id, NO_GROUPS)
    run(earlier.open(), { command: 'tail', args: ['-f', '/dev/null'] })
    await until('it runs', async () => (await findMarked(`${id}/`)).length === 1)
    await supervise(id, NO_GROUPS)
    expect(await findMarked(`${id}/`)).toEqual([])
  })
})
