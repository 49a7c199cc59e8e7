import { bash } from '../support/messages.ts'
import { agentProcesses, isAlive, processesWith, signal } from '../support/processes.ts'
import { watcherOf, type TestServer } from '../support/server.ts'
import { describe, expect, test, type World } from '../support/test.ts'
import { until } from '../support/until.ts'

/** A server whose agent is in the middle of Bash: a foreground command, a child in the background, one in a session of its own. */
async function busy(world: World, id: string): Promise<{ server: TestServer; upstream: string }> {
  const command = [
    `setsid nohup tail -f /dev/null -s ${id}.1 >/dev/null 2>&1 &`,
    `tail -f /dev/null -s ${id}.2 &`,
    `(setsid sh -c 'tail -f /dev/null -s ${id}.3; :' &)`,
    `tail -f /dev/null -s ${id}.4`,
  ].join('\n')
  const { client, claude, server } = await world.talk([bash('work', command)])
  client.prompt('work')
  await until('all four run', async () => {
    const found = await Promise.all([1, 2, 3, 4].map((one) => processesWith(`-s ${id}.${one}`)))
    return found.every((one) => one.length > 0)
  })
  return { server, upstream: claude.url }
}

describe('kill -9 of the server', () => {
  test('in the middle of a Bash call leaves no process of it, and a new start on the same folders works', async ({
    world,
  }) => {
    const { server, upstream } = await busy(world, '4713')
    const watcher = await watcherOf(server)
    server.kill('SIGKILL')
    await server.cleared(10_000)
    expect(await processesWith('-s 4713.')).toEqual([])
    await until('the watcher is gone', async () => !(await isAlive(watcher!.id)))
    const next = await world.server({ upstream, folder: server.folder })
    const client = await world.connect(next)
    client.prompt('hello')
    expect((await client.result()).result).toBe('echo: hello')
  })

  test('with its whole process group leaves no process of it either', async ({ world }) => {
    const { server } = await busy(world, '4714')
    signal(-server.pid, 'SIGKILL')
    await server.cleared(10_000)
    expect(await processesWith('-s 4714.')).toEqual([])
  })

  test('and of its watcher: the next start sweeps what is left', async ({ world }) => {
    const { server, upstream } = await busy(world, '4715')
    const watcher = await watcherOf(server)
    signal(watcher!.id, 'SIGKILL')
    server.kill('SIGKILL')
    await server.program.ended
    expect((await agentProcesses(server.dataDir)).length, 'there is something to sweep').toBeGreaterThan(0)
    const next = await world.server({ upstream, folder: server.folder, key: null })
    expect(await processesWith('-s 4715.')).toEqual([])
    const client = await world.connect(next)
    expect(client.frames).toHaveLength(1)
  })

  test('takes processes of the agent along that have thrown away their environment', async ({ world }) => {
    const command = 'env -i /bin/sh -c "exec tail -f /dev/null -s 4716.1"'
    const { client, server } = await world.talk([bash('work', command)])
    client.prompt('work')
    await until('it runs', async () => (await processesWith('tail -f /dev/null -s 4716.1')).length > 0)
    world.defer(async () => {
      for (const { id } of await processesWith('-s 4716.1')) signal(id, 'SIGKILL')
    })
    server.kill('SIGKILL')
    await server.cleared(10_000)
    await until('it is gone', async () => (await processesWith('-s 4716.1')).length === 0, 5000)
  })
})
