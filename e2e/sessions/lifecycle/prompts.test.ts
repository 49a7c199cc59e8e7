import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MessageAccepted } from '@claude-agent/protocol'
import { until } from '../../support/until.ts'
import { requestsWith, timesHeard } from '../support/model.ts'
import { Peer } from '../support/peer.ts'
import { describe, expect, test } from '../support/shared.ts'

const prompt = (content: string, uuid: string): object => ({
  data: { type: 'user', uuid, message: { role: 'user', content } },
})

test('each of several prompts gets a turn and a result of its own, in the order of acceptance, over socket and HTTP', async ({
  world,
  stage,
}) => {
  const peer = await Peer.create(world, stage.server)
  const first = await peer.send('order one')
  const accepted = await peer.http('POST', '/messages', prompt('order two', randomUUID()))
  expect(accepted).toMatchObject({ status: 202, body: { turn: 'own', seq: expect.any(Number) as number } })
  const third = await peer.send('order three')
  await peer.ended(third)
  expect(peer.of('prompt_ended')).toEqual(
    [first, accepted.body.uuid, third].map(
      (uuid) => expect.objectContaining({ uuid, outcome: 'completed' }) as unknown,
    ),
  )
  expect(peer.results).toEqual(['echo: order one', 'echo: order two', 'echo: order three'])
  expect(await peer.info()).toMatchObject({ status: 'idle', queuedPrompts: 0, usage: { turns: 3 } })
  expect(peer.statuses).toEqual(['running', 'idle'])
  expect(peer.events.map(({ seq }) => seq)).toEqual(peer.events.map((_, index) => index + 1))
})

test('a prompt that comes again with its uuid is acknowledged again and not taken twice; with other words it is refused', async ({
  world,
  stage,
}) => {
  const peer = await Peer.create(world, stage.server)
  const uuid = randomUUID()
  const send = async (content: string): Promise<MessageAccepted & { code?: string }> =>
    await peer.call({ type: 'user_message', ...prompt(content, uuid) })
  const both = await Promise.all([send('said again'), send('said again')])
  expect(both[0]).toEqual(both[1])
  expect(await peer.ended(uuid)).toBe('completed')
  expect(await send('said again')).toEqual(both[0])
  expect(await send('other words')).toMatchObject({ code: 'uuid_conflict' })
  const refused = await peer.http('POST', '/messages', prompt('other words', uuid))
  expect(refused).toMatchObject({ status: 409, body: { code: 'uuid_conflict' } })
  expect(await peer.run('and the next')).toBe('completed')
  expect(peer.of('user_message')).toHaveLength(2)
  expect(timesHeard(stage.claude, 'said again')).toBe(1)
})

test('a prompt that waits can be taken back and never reaches the model; one that runs, has ended or is unknown can not', async ({
  world,
  stage,
}) => {
  const peer = await Peer.create(world, stage.server)
  const running = await peer.send('talk: until stopped')
  const [one, two, three] = [
    await peer.send('taken back by socket'),
    await peer.send('taken back by HTTP'),
    await peer.send('stays in line'),
  ] as [string, string, string]
  await until('the model talks', () => requestsWith(stage.claude, 'until stopped').length > 0)
  expect(await peer.call({ type: 'cancel', uuid: one })).toEqual({ uuid: one, outcome: 'cancelled' })
  expect(await peer.http('DELETE', `/messages/${two}`)).toMatchObject({
    status: 200,
    body: { uuid: two, outcome: 'cancelled' },
  })
  expect(await peer.call({ type: 'cancel', uuid: one })).toMatchObject({ code: 'prompt_not_waiting' })
  expect(await peer.http('DELETE', `/messages/${running}`)).toMatchObject({
    status: 409,
    body: { code: 'prompt_not_waiting', error: expect.stringContaining('runs') as string },
  })
  expect(await peer.http('DELETE', `/messages/${randomUUID()}`)).toMatchObject({
    status: 404,
    body: { code: 'prompt_not_found' },
  })
  peer.interrupt()
  expect(await peer.ended(running)).toBe('interrupted')
  expect(await peer.ended(three)).toBe('completed')
  expect(await peer.http('DELETE', `/messages/${three}`)).toMatchObject({
    status: 409,
    body: { error: expect.stringContaining('completed') as string },
  })
  expect(await peer.ended(one)).toBe('cancelled')
  expect(await peer.ended(two)).toBe('cancelled')
  expect(requestsWith(stage.claude, 'taken back')).toEqual([])
})

describe('a prompt with a priority goes into the running turn:', () => {
  test('`next` is heard beside the result of a tool, in one turn with one result, and each has its end', async ({
    world,
    stage,
  }) => {
    const peer = await Peer.create(world, stage.server)
    const file = 'go-next'
    const working = await peer.send(`bash: until test -e ${file}; do sleep 0.05; done`)
    await peer.event('sdk_message', ({ data }) => data.type === 'assistant')
    const data = prompt('by the way', randomUUID()) as { data: object }
    const accepted = await peer.call<MessageAccepted>({
      type: 'user_message',
      data: { ...data.data, priority: 'next' },
    })
    expect(accepted).toMatchObject({ turn: 'running' })
    expect(peer.of('user_message').at(-1)).toMatchObject({ turn: 'running' })
    await writeFile(join(stage.server.workspace, file), '')
    expect(await peer.ended(working)).toBe('completed')
    expect(await peer.ended(accepted.uuid)).toBe('completed')
    await peer.status('idle')
    expect(peer.results).toHaveLength(1)
    expect(timesHeard(stage.claude, 'by the way')).toBe(1)
  })

  test('`now` stops it and is answered', async ({ world, stage }) => {
    const peer = await Peer.create(world, stage.server)
    const talking = await peer.send('talk: until it is urgent')
    await until('the model talks', () => requestsWith(stage.claude, 'until it is urgent').length > 0)
    const urgent = await peer.send('urgent matter', { priority: 'now' })
    expect(await peer.ended(talking)).toBe('interrupted')
    expect(await peer.ended(urgent)).toBe('completed')
    expect(peer.results.at(-1)).toBe('echo: urgent matter')
    expect(timesHeard(stage.claude, 'urgent matter')).toBe(1)
    await peer.status('idle')
  })

  test('without a turn that runs it has one of its own', async ({ world, stage }) => {
    const peer = await Peer.create(world, stage.server)
    expect(await peer.run('nothing runs', { priority: 'now' })).toBe('completed')
    expect(peer.of('user_message')[0]).not.toHaveProperty('turn')
  })
})
