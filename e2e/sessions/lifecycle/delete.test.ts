import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { filesWith } from '../../support/folder.ts'
import { processesWith } from '../../support/processes.ts'
import { until } from '../../support/until.ts'
import { http, Peer } from '../support/peer.ts'
import { crash, expect, setStage, test } from '../support/shared.ts'

test('a session that is deleted in the middle of a tool leaves no process, no file and no transcript, and its id is gone for ever', async ({
  world,
}) => {
  let stage = await setStage(world)
  const { server } = stage
  const peer = await Peer.create(world, server, { id: 'doomed' })
  const kept = await Peer.create(world, server, { id: 'kept' })
  expect(await peer.run('an unforgettable word')).toBe('completed')
  await peer.send(
    'bash: setsid nohup tail -f /dev/null -s 4741.1 >/dev/null 2>&1 & tail -f /dev/null -s 4741.2',
  )
  await peer.send('never runs')
  await until('both run', async () => (await processesWith('-s 4741.')).length >= 2)
  const { sdkSessionId } = await peer.info()
  const deleting = peer.http('DELETE')
  const meanwhile = await Promise.all([
    http(server, 'DELETE', '/sessions/doomed'),
    http(server, 'GET', '/sessions/doomed'),
    http(server, 'POST', '/sessions', { id: 'doomed' }),
  ])
  expect((await deleting).status).toBe(204)
  // Whoever comes while it is being deleted is told the same as after, or waits.
  expect([204, 410]).toContain(meanwhile[0].status)
  expect(meanwhile.slice(1).map(({ status }) => status)).toEqual([410, 410])
  expect(await processesWith('-s 4741.')).toEqual([])
  expect(await processesWith(sdkSessionId!)).toEqual([])
  expect(existsSync(join(server.dataDir, 'sessions/doomed'))).toBe(false)
  for (const folder of [server.dataDir, server.home])
    expect(await filesWith(folder, 'an unforgettable word')).toEqual([])
  expect(await filesWith(join(server.home, '.claude/projects'), sdkSessionId!)).toEqual([])
  await until('the socket is closed', () => peer.closed !== undefined)
  expect(peer.closed).toBe(4404)
  expect(peer.statuses.at(-1)).toBe('closed')
  const gone = async (): Promise<number[]> =>
    await Promise.all(
      [
        ['GET', ''],
        ['DELETE', ''],
        ['PATCH', '', { title: 'x' }],
        ['GET', '/events'],
        ['POST', '/interrupt'],
        ['POST', '/messages', { data: { type: 'user', message: { role: 'user', content: 'x' } } }],
      ].map(async ([method, path, body]) => {
        const { status } = await http(
          stage.server,
          method as string,
          `/sessions/doomed${path as string}`,
          body,
        )
        return status
      }),
    )
  expect(await gone()).toEqual([410, 410, 410, 410, 410, 410])
  expect(await http(server, 'POST', '/sessions', { id: 'doomed' })).toMatchObject({ status: 410 })
  stage = await crash(world, stage)
  expect(await gone()).toEqual([410, 410, 410, 410, 410, 410])
  expect(await http(stage.server, 'POST', '/sessions', { id: 'doomed' })).toMatchObject({ status: 410 })
  const { body } = await http(stage.server, 'GET', '/sessions')
  expect(body.sessions.map(({ id }) => id)).toEqual([kept.id])
})
