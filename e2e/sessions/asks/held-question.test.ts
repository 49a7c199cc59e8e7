import { http, Peer } from '../support/peer.ts'
import { crash, describe, expect, setStage, test } from '../support/shared.ts'

const BLUE = { behavior: 'allow', updatedInput: { answers: { 'Which colour?': 'Blue' } } }

describe('a question in a session that holds them', { timeout: 60_000 }, () => {
  test('waits in the process, and its turn has one result', async ({ world, stage }) => {
    const peer = await Peer.create(world, stage.server, { questions: 'hold' })
    expect(await peer.info()).toMatchObject({ interactive: true, questions: 'hold' })
    const uuid = await peer.send('ask: Which colour?')
    const asked = await peer.event('ask')
    expect(asked).not.toHaveProperty('deferred')
    expect(asked).toMatchObject({ kind: 'can_use_tool', data: { toolName: 'AskUserQuestion' } })
    await peer.answer(asked.ask, BLUE)
    expect(await peer.ended(uuid)).toBe('completed')
    expect(peer.results).toEqual([expect.stringContaining('"Which colour?"="Blue"')])
    expect(peer.of('agent_started')).toHaveLength(1)
  })

  test('is lost with the server', async ({ world }) => {
    const stage = await setStage(world)
    const peer = await Peer.create(world, stage.server, { questions: 'hold' })
    const uuid = await peer.send('ask: Which colour?')
    await peer.event('ask')
    const { server } = await crash(world, stage)
    const after = await Peer.attach(world, server, peer.id)
    expect(await after.ended(uuid)).toBe('interrupted')
    expect(after.of('ask_settled')).toEqual([expect.objectContaining({ outcome: 'lost' })])
  })
})

describe('what a session asks', { timeout: 60_000 }, () => {
  test('can be changed, and counts from the next turn on', async ({ world, stage }) => {
    const peer = await Peer.create(world, stage.server, { interactive: false })
    expect(await peer.run('ask: Which colour?')).toBe('completed')
    expect(peer.of('ask')).toEqual([])
    const changed = { interactive: ['can_use_tool'], questions: 'hold' }
    expect(await peer.http('PATCH', '', changed)).toMatchObject({ status: 200, body: changed })
    const uuid = await peer.send('ask: Which colour?')
    await peer.answer((await peer.event('ask')).ask, BLUE)
    expect(await peer.ended(uuid)).toBe('completed')
    expect(peer.of('session_updated')).toEqual([expect.objectContaining(changed)])
  })

  test('is checked', async ({ world, stage }) => {
    const peer = await Peer.create(world, stage.server)
    for (const wrong of [{ interactive: ['hook'] }, { questions: 'never' }])
      expect(await http(stage.server, 'PATCH', `/sessions/${peer.id}`, wrong)).toMatchObject({ status: 400 })
  })
})
