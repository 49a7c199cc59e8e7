import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { processesWith } from '../../support/processes.ts'
import { until } from '../../support/until.ts'
import { agentOf, agentsOf } from '../support/agents.ts'
import { requestsWith, userTexts } from '../support/model.ts'
import { Peer } from '../support/peer.ts'
import { describe, expect, setStage, test } from '../support/shared.ts'

describe('an idle session', () => {
  test('gives its process back, unless work goes on in the background, and comes back unasked with its history', async ({
    world,
  }) => {
    const { claude, server } = await setStage(world, { CLAUDE_AGENT_IDLE_TIMEOUT_MS: '1000' })
    const busy = await Peer.create(world, server)
    expect(await busy.run('background: tail -f /dev/null -s 4731.1')).toBe('completed')
    // Not before: the agent that is made ready for a client is idle, too, until its first prompt.
    const peer = await Peer.create(world, server)
    expect(await peer.run('my name is Grace')).toBe('completed')
    expect(await peer.event('agent_exited')).toMatchObject({ reason: 'idle', resumable: true })
    expect(await agentsOf(peer)).toEqual([])
    expect((await peer.info()).status).toBe('idle')
    expect(await peer.run('who am I?')).toBe('completed')
    expect(userTexts(requestsWith(claude, 'who am I?').at(-1)!.body)).toContain('my name is Grace')
    expect(peer.of('agent_started')).toMatchObject([{ resumed: false }, { resumed: true }])
    expect(busy.of('agent_exited')).toEqual([])
    expect(await processesWith('-s 4731.1')).not.toEqual([])
  })
})

describe('with room for one process', () => {
  test('sessions wait in an honest line, can take their prompts back, and the idle one gives way', async ({
    world,
  }) => {
    const { claude, server } = await setStage(world, { CLAUDE_AGENT_MAX_PROCESSES: '1' })
    const one = await Peer.create(world, server)
    const file = join(server.workspace, 'go')
    const running = await one.send(`bash: until test -e ${file}; do sleep 0.05; done`)
    await one.event('sdk_message', ({ data }) => data.type === 'assistant')
    const two = await Peer.create(world, server)
    const second = await two.send('the second session')
    expect(await two.status('queued')).toMatchObject({ position: 0, queuedPrompts: 1 })
    const three = await Peer.create(world, server)
    const third = await three.send('the third session')
    expect(await three.status('queued')).toMatchObject({ position: 1, queuedPrompts: 1 })
    const four = await Peer.create(world, server)
    const fourth = await four.send('the fourth session')
    expect(await four.status('queued')).toMatchObject({ position: 2 })
    expect(await three.call({ type: 'cancel', uuid: third })).toEqual({ uuid: third, outcome: 'cancelled' })
    expect(await three.ended(third)).toBe('cancelled')
    await until('the fourth has moved up', async () => (await four.info()).position === 1)
    await writeFile(file, '')
    expect(await one.ended(running)).toBe('completed')
    expect(await two.ended(second)).toBe('completed')
    expect(await four.ended(fourth)).toBe('completed')
    expect(one.of('agent_exited')).toMatchObject([{ reason: 'room' }])
    expect(two.of('agent_exited')).toMatchObject([{ reason: 'room' }])
    expect(two.statuses.slice(-3)).toEqual(['queued 0', 'running', 'idle'])
    expect(four.statuses.slice(-5)).toEqual(['queued 2', 'queued 1', 'queued 0', 'running', 'idle'])
    expect(requestsWith(claude, 'the third session')).toEqual([])
    expect(await one.run('and again the first')).toBe('completed')
    expect(userTexts(requestsWith(claude, 'and again the first').at(-1)!.body).length).toBeGreaterThan(1)
  })
})

describe('with room for two processes', () => {
  test('the one that is idle longest gives way; one with an open ask or work in the background never does', async ({
    world,
  }) => {
    const { server } = await setStage(world, { CLAUDE_AGENT_MAX_PROCESSES: '2' })
    const [older, newer] = [await Peer.create(world, server), await Peer.create(world, server)]
    await older.run('the older one')
    await newer.run('the newer one')
    const asking = await Peer.create(world, server, { options: { permissionMode: 'default' } })
    const pending = await asking.send('write: waits.txt')
    const { ask } = await asking.openAsk()
    expect(older.of('agent_exited')).toMatchObject([{ reason: 'room' }])
    expect(newer.of('agent_exited')).toEqual([])
    const background = await Peer.create(world, server)
    await background.run('background: tail -f /dev/null -s 4731.2')
    expect(newer.of('agent_exited')).toMatchObject([{ reason: 'room' }])
    const kept = [(await agentOf(asking)).id, (await agentOf(background)).id]
    const last = await older.send('is there room?')
    expect(await older.status('queued')).toMatchObject({ position: 0 })
    await asking.answer(ask, { behavior: 'allow' })
    expect(await asking.ended(pending)).toBe('completed')
    expect(await older.ended(last)).toBe('completed')
    expect(asking.of('agent_exited')).toMatchObject([{ reason: 'room' }])
    expect(background.of('agent_exited')).toEqual([])
    expect((await agentOf(background)).id).toBe(kept[1])
  })
})

test('a process that was made ready for a client, and got no prompt, gives way too', async ({ world }) => {
  const { server } = await setStage(world, { CLAUDE_AGENT_MAX_PROCESSES: '1' })
  const looking = await Peer.create(world, server)
  await looking.event('agent_started')
  const talking = await Peer.create(world, server)
  expect(await talking.run('hello')).toBe('completed')
  expect(looking.of('agent_exited')).toMatchObject([{ reason: 'room' }])
})

describe('a spare', () => {
  test('is ready before the second session with the same options has a prompt, and serves it', async ({
    world,
  }) => {
    const { server } = await setStage(world, { CLAUDE_AGENT_SPARES: '1' })
    const options = { model: 'claude-spare-part' }
    const one = await Peer.create(world, server, { options })
    await one.run('the first')
    const mine = await agentOf(one)
    const spare = await until('a spare is ready', async () =>
      (await processesWith('claude-spare-part')).find(({ id }) => id !== mine.id),
    )
    const two = await Peer.create(world, server, { options })
    expect(await two.run('the second')).toBe('completed')
    expect((await agentOf(two)).id).toBe(spare.id)
  })
})
