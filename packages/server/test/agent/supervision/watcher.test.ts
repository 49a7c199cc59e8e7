import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { groupProcesses } from '../../../src/agent/supervision/control-group.ts'
import { findMarked } from '../../../src/agent/supervision/marks.ts'
import { readProcesses } from '../../../src/agent/supervision/process-table.ts'
import { startWatcher } from '../../../src/agent/supervision/watcher.ts'
import { temporaryFolder, until } from '../../support.ts'
import {
  daemonizing,
  daemonOf,
  groupsOf,
  isAlive,
  NO_GROUPS,
  noGroups,
  orWhyNot,
  run,
  startHost,
  supervise,
} from './agents.ts'

/** How many watchers of a server live. */
async function watchersOf(id: string): Promise<number> {
  const commands = (await readProcesses()).map((entry) =>
    readFile(`/proc/${entry.id}/cmdline`, 'utf8').catch(() => ''),
  )
  return (await Promise.all(commands)).filter(
    (command) => command.includes('watcher') && command.includes(id),
  ).length
}

describe.skipIf(noGroups !== undefined)(orWhyNot('with a control group'), () => {
  test('a server that is killed leaves no process of its agents, not even a daemon, and no directory', async () => {
    const id = randomUUID()
    const file = join(await temporaryFolder(), 'id')
    const host = await startHost(id, '', daemonizing(file))
    expect(host.kind).toBe('cgroup')
    const daemon = await daemonOf(file)
    host.process.kill('SIGKILL')
    await once(host.process, 'exit')
    await until('the daemon is gone', async () => !(await isAlive(daemon)))
    await until('the agent is gone', async () => !(await isAlive(host.agent)))
    await until('the directories are gone', async () => (await groupsOf(id)).length === 0)
  })

  test('where the kernel kills no groups, the watcher kills their processes one by one', async () => {
    const id = randomUUID()
    const file = join(await temporaryFolder(), 'id')
    const supervision = await supervise(id)
    run(supervision.open(), daemonizing(file))
    const daemon = await daemonOf(file)
    const [group] = await groupsOf(id)
    // The same group, without the file that kills it.
    const older = join(await temporaryFolder(), 'group')
    await mkdir(older)
    await symlink(`${group}/1/cgroup.procs`, join(older, 'cgroup.procs'))
    expect(await groupProcesses(older)).toContain(daemon)
    startWatcher(`${randomUUID()}/`, older)!.release()
    await until('the daemon is gone', async () => !(await isAlive(daemon)))
  })
})

describe.skipIf(process.platform !== 'linux')('without control groups', () => {
  test('a server that is killed leaves nothing that carries its mark', async () => {
    const id = randomUUID()
    const args = ['-c', 'setsid nohup tail -f /dev/null & exec tail -f /dev/null']
    const host = await startHost(id, NO_GROUPS.proc, { command: '/bin/sh', args })
    expect(host.kind).toBe('marks')
    await until('both run', async () => (await findMarked(`${id}/`)).length === 2)
    host.process.kill('SIGKILL')
    await until('they are gone', async () => (await findMarked(`${id}/`)).length === 0)
  })
})

test.skipIf(process.platform !== 'linux')(
  'a watcher of an earlier start leaves the agents of the next one alone',
  async () => {
    const id = randomUUID()
    const earlier = await supervise(id)
    const next = await supervise(id)
    const scope = next.open()
    const agent = run(scope, { command: 'tail', args: ['-f', '/dev/null'] })
    await until('it runs', async () => (await scope.find()).length === 1)
    expect(await watchersOf(id)).toBe(2)
    await earlier.close()
    await until('its watcher is gone', async () => (await watchersOf(id)) === 1)
    expect(await isAlive(agent.pid!)).toBe(true)
    expect((await groupsOf(id)).length).toBe(next.kind === 'cgroup' ? 1 : 0)
  },
)
