import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../../support/until.ts'
import { agentsOf } from '../support/agents.ts'
import { requestsWith } from '../support/model.ts'
import { http, Peer } from '../support/peer.ts'
import { expect, setStage, test } from '../support/shared.ts'

test('a session can be deleted whatever it does: it asks, waits for an answer or for a process, or starts its agent', async ({
  world,
}) => {
  const { claude, server } = await setStage(world, { CLAUDE_AGENT_MAX_PROCESSES: '1' })
  const remove = async (peer: Peer): Promise<void> => {
    expect((await peer.http('DELETE')).status).toBe(204)
    expect(await agentsOf(peer)).toEqual([])
    expect(existsSync(join(server.dataDir, 'sessions', peer.id))).toBe(false)
    expect((await peer.http('GET')).status).toBe(410)
  }
  const asking = await Peer.create(world, server)
  await asking.send('ask: Shall I go?')
  await asking.event('ask')
  await remove(asking)

  const permission = await Peer.create(world, server, { options: { permissionMode: 'default' } })
  await permission.send('write: never.txt')
  await permission.openAsk()
  const queued = await Peer.create(world, server)
  await queued.send('never has its turn')
  await queued.status('queued')
  const behind = await Peer.create(world, server)
  const uuid = await behind.send('comes after all')
  await behind.status('queued')
  await remove(queued)
  await until('the next in line has moved up', async () => (await behind.info()).position === 0)
  await remove(permission)
  expect(await behind.ended(uuid)).toBe('completed')
  expect(requestsWith(claude, 'never has its turn')).toEqual([])

  const starting = await Peer.create(world, server)
  await starting.send('never begun')
  await remove(starting)
  await remove(behind)
  expect((await http(server, 'GET', '/sessions')).body.sessions).toEqual([])
  await server.cleared(2000)
})
