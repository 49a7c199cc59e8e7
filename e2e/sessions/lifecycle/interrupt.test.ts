import { signal } from '../../support/processes.ts'
import { until } from '../../support/until.ts'
import { agentOf } from '../support/agents.ts'
import { requestsWith, userTexts } from '../support/model.ts'
import { Peer } from '../support/peer.ts'
import { describe, expect, test } from '../support/shared.ts'

test('an interrupt stops the running turn and no other: its process lives on, and prompts in line have their turns', async ({
  world,
  stage,
}) => {
  const peer = await Peer.create(world, stage.server)
  const talking = await peer.send('talk: stop me')
  const behind = await peer.send('behind the talk')
  await until('the model talks', () => requestsWith(stage.claude, 'stop me').length > 0)
  const { id } = await agentOf(peer)
  expect(await peer.call({ type: 'interrupt' })).toEqual({})
  expect(await peer.ended(talking)).toBe('interrupted')
  expect(await peer.ended(behind)).toBe('completed')
  expect((await agentOf(peer)).id).toBe(id)
  await peer.status('idle')
  expect((await peer.http('POST', '/interrupt')).status).toBe(202)
  expect(await peer.run('nothing was to be stopped')).toBe('completed')
})

test('an interrupt right behind its prompt ends it, whether the agent has it already or not', async ({
  world,
  stage,
}) => {
  const peer = await Peer.create(world, stage.server)
  const cold = await peer.send('hang: cold')
  peer.interrupt()
  expect(['interrupted', 'cancelled']).toContain(await peer.ended(cold))
  const warm = await peer.send('hang: warm')
  peer.interrupt()
  expect(await peer.ended(warm)).toBe('interrupted')
  expect(await peer.run('after both')).toBe('completed')
})

// Each waits 5 s for the agent and 2 s for its process, so they do so at the same time.
describe.concurrent('an agent that does not heed an interrupt', () => {
  test('in the middle of a turn is ended: the prompt is interrupted, and the conversation goes on', async ({
    world,
    stage,
    expect,
  }) => {
    const peer = await Peer.create(world, stage.server)
    await peer.run('my name is Edsger')
    const uuid = await peer.send('talk: deaf')
    await until('the model talks', () => requestsWith(stage.claude, 'talk: deaf').length > 0)
    signal((await agentOf(peer)).id, 'SIGSTOP')
    peer.interrupt()
    expect(await peer.ended(uuid, 12_000)).toBe('interrupted')
    expect(peer.of('agent_exited')).toMatchObject([{ reason: 'interrupt', signal: 'SIGKILL' }])
    expect(await peer.run('who am I, after all?')).toBe('completed')
    expect(userTexts(requestsWith(stage.claude, 'who am I, after all?').at(-1)!.body)).toContain(
      'my name is Edsger',
    )
  })

  test('before it has begun with the prompt is ended too', async ({ world, stage, expect }) => {
    const peer = await Peer.create(world, stage.server)
    await peer.run('my name is Barbara')
    signal((await agentOf(peer)).id, 'SIGSTOP')
    const uuid = await peer.send('never begun')
    peer.interrupt()
    expect(['interrupted', 'cancelled']).toContain(await peer.ended(uuid, 12_000))
    expect(await peer.run('and who am I?')).toBe('completed')
    expect(userTexts(requestsWith(stage.claude, 'and who am I?').at(-1)!.body)).toContain(
      'my name is Barbara',
    )
    expect(requestsWith(stage.claude, 'never begun')).toEqual([])
  })
})
