import { until } from '../../support/until.ts'
import { agentOf, agentsOf } from '../support/agents.ts'
import { Peer } from '../support/peer.ts'
import { describe, expect, test } from '../support/shared.ts'

const LONG = { timeout: 60_000 }

describe('a process that is released', LONG, () => {
  test('ends in order, and the next prompt goes on with the conversation', async ({ world, stage }) => {
    const peer = await Peer.create(world, stage.server)
    expect(await peer.run('one')).toBe('completed')
    await agentOf(peer)
    expect(await peer.http('POST', '/release')).toMatchObject({ status: 202, body: { hadAgent: true } })
    expect(await peer.event('agent_exited')).toMatchObject({ reason: 'released', code: 0 })
    expect(await agentsOf(peer)).toEqual([])
    expect(await peer.http('POST', '/release')).toMatchObject({ status: 202, body: { hadAgent: false } })
    expect(await peer.run('two')).toBe('completed')
    expect(peer.of('agent_started').at(-1)).toMatchObject({ resumed: true })
  })

  test('has its turn to the end first, and work in the background ends with it', async ({ world, stage }) => {
    const peer = await Peer.create(world, stage.server)
    const uuid = await peer.send('background: sleep 300')
    expect(await peer.http('POST', '/release')).toMatchObject({ body: { hadAgent: true } })
    // A prompt that comes before it is released keeps it.
    const next = await peer.send('and this')
    expect(await peer.ended(uuid)).toBe('completed')
    expect(await peer.ended(next)).toBe('completed')
    expect(peer.of('agent_exited')).toEqual([])
    await peer.http('POST', '/release')
    expect(await peer.event('agent_exited')).toMatchObject({ reason: 'released' })
    await until('it is gone', async () => (await agentsOf(peer)).length === 0)
  })
})
