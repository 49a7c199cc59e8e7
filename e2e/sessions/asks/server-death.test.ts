import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from '../../support/until.ts'
import { agentsOf } from '../support/agents.ts'
import { heard, requestsWith } from '../support/model.ts'
import { http, Peer } from '../support/peer.ts'
import { crash, describe, expect, restart, setStage, test } from '../support/shared.ts'

const blue = (text: string): object => ({
  behavior: 'allow',
  updatedInput: { answers: { [text]: 'Blue' } },
})

describe('A question to the user needs no process: it survives the death of the server, and', () => {
  test('is answered exactly once, after kill -9 and after SIGTERM', async ({ world }) => {
    let stage = await setStage(world)
    const peer = await Peer.create(world, stage.server, { id: 'survivor' })
    const uuid = await peer.send('ask: Still there?')
    const behind = await peer.send('behind the question')
    const { ask } = await peer.event('ask')
    stage = await crash(world, stage)
    const bob = await Peer.attach(world, stage.server, 'survivor', { name: 'bob' })
    expect(bob.greeting.session).toMatchObject({
      status: 'requires_action',
      queuedPrompts: 1,
      asks: [{ ask, deferred: true }],
    })
    expect(bob.of('ask_settled')).toEqual([])
    stage.server.kill('SIGTERM')
    stage = await restart(world, stage)
    const cleo = await Peer.attach(world, stage.server, 'survivor', { name: 'cleo' })
    expect((await cleo.info()).asks).toMatchObject([{ ask }])
    expect(await agentsOf(cleo), 'it needs no process').toEqual([])
    await cleo.answer(ask, blue('Still there?'))
    expect(await cleo.ended(uuid)).toBe('completed')
    expect(await cleo.ended(behind)).toBe('completed')
    expect(cleo.results.at(-2)).toContain('"Still there?"="Blue"')
    expect(cleo.results.at(-1)).toBe('echo: behind the question')
    expect(cleo.of('ask')).toHaveLength(1)
    expect(cleo.of('ask_settled')).toMatchObject([{ ask, outcome: 'answered', by: 'cleo' }])
  })

  test('nothing of its turn is told twice when it has been open for long', async ({ world }) => {
    let stage = await setStage(world)
    const peer = await Peer.create(world, stage.server, { id: 'patient' })
    const uuid = await peer.send('ask: In your own time?')
    const { ask } = await peer.event('ask')
    const record = join(stage.server.dataDir, 'sessions/patient/session.json')
    await until('it is at rest', async () => (await readFile(record, 'utf8')).includes('"rest":'))
    const before = peer.events
    stage = await crash(world, stage)
    const info = await http(stage.server, 'GET', '/sessions/patient')
    expect(info.body).toMatchObject({ status: 'requires_action', asks: [{ ask, deferred: true }] })
    const next = await Peer.attach(world, stage.server, 'patient')
    await next.answer(ask, blue('In your own time?'))
    expect(await next.ended(uuid)).toBe('completed')
    expect(next.events.slice(0, before.length)).toEqual(before)
    expect(next.of('sdk_message').filter((event) => event.recovered)).toEqual([])
    expect(next.results.at(-1)).toContain('"In your own time?"="Blue"')
  })

  test('is not asked again when its answer was acknowledged right before kill -9: the turn goes on with it', async ({
    world,
  }) => {
    let stage = await setStage(world)
    const peer = await Peer.create(world, stage.server, { id: 'answered' })
    const uuid = await peer.send('ask: Heard?')
    const { ask } = await peer.event('ask')
    expect(await peer.answer(ask, blue('Heard?'))).toMatchObject({ outcome: 'answered' })
    stage = await crash(world, stage)
    const next = await Peer.attach(world, stage.server, 'answered')
    expect(await next.ended(uuid)).toBe('completed')
    expect(next.of('ask')).toHaveLength(1)
    expect(next.results.at(-1)).toContain('"Heard?"="Blue"')
    expect(await next.answer(ask, blue('Heard?'))).toMatchObject({
      code: 'already_settled',
      error: expect.stringContaining('by ada') as string,
    })
  })
})

test('Other asks that were open when the server died are `lost`, and the model is told at its next turn: a permission', async ({
  world,
}) => {
  let stage = await setStage(world)
  const options = { permissionMode: 'default' } as const
  const peer = await Peer.create(world, stage.server, { id: 'lost', options })
  const uuid = await peer.send('write: lost.txt')
  const { ask } = await peer.event('ask')
  stage = await crash(world, stage)
  const next = await Peer.attach(world, stage.server, 'lost')
  expect(await next.ended(uuid)).toBe('interrupted')
  expect(next.of('ask_settled')).toMatchObject([{ ask, outcome: 'lost' }])
  expect(await next.status('idle')).toMatchObject({ asks: [] })
  expect(await next.answer(ask, { behavior: 'allow' })).toMatchObject({ code: 'already_settled' })
  expect(await next.run('what became of it?')).toBe('completed')
  const told = heard(requestsWith(stage.claude, 'what became of it?').at(-1)!.body)
  expect(told).toContain('permission to use Write; the tool did not run')
  expect(existsSync(join(stage.server.workspace, 'lost.txt'))).toBe(false)
})
