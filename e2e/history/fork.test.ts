import { rm } from 'node:fs/promises'
import { lastTexts, PATIENT_MS, run } from './support/memory.ts'
import { requestsWith, userTexts } from '../sessions/support/model.ts'
import { http, Peer } from '../sessions/support/peer.ts'
import { crash, describe, expect, setStage, test } from '../sessions/support/shared.ts'

describe('a fork', { timeout: 4 * PATIENT_MS }, () => {
  test('A copy has the events of the first under the same numbers, up to the end of a turn, and what the agent remembers of them; its log is another one, and what is done in the one is not heard of in the other', async ({
    world,
    stage,
  }) => {
    const peer = await Peer.create(world, stage.server, { title: 'the first', metadata: { a: 'b' } })
    for (const text of ['early words', 'middle words', 'late words']) await run(peer, text)
    const [, second] = peer.of('prompt_ended')
    const made = await peer.http('POST', '/fork', { at: second!.seq })
    expect(made).toMatchObject({
      status: 201,
      body: { title: 'the first', metadata: { a: 'b' }, status: 'idle' },
    })
    const fork = await Peer.attach(world, stage.server, made.body.id)
    expect(await run(fork, 'how the fork goes on')).toBe('completed')
    expect(fork.of('error')).toEqual([])
    expect(fork.of('agent_started').at(-1)).toMatchObject({ resumed: true })
    const texts = lastTexts(stage.claude, 'how the fork goes on')
    expect(texts).toContain('early words')
    expect(texts).toContain('middle words')
    expect(texts).not.toContain('late words')
    // Both go on, and neither hears of the other.
    expect(await run(peer, 'how the first goes on')).toBe('completed')
    expect(peer.of('error')).toEqual([])
    const own = lastTexts(stage.claude, 'how the first goes on')
    expect(own).toContain('late words')
    expect(own).not.toContain('how the fork goes on')
    expect(await run(fork, 'and again')).toBe('completed')
    expect(lastTexts(stage.claude, 'and again')).not.toContain('how the first goes on')
  })

  test('has the events of the first under the same numbers, then says whose copy it is; its log is another one', async ({
    world,
    stage,
  }) => {
    const peer = await Peer.create(world, stage.server, { id: 'origin' })
    await run(peer, 'one')
    await run(peer, 'two')
    const end = peer.of('prompt_ended')[0]!.seq
    const made = await peer.http('POST', '/fork', { id: 'copy', at: end })
    const fork = await Peer.attach(world, stage.server, 'copy')
    await fork.event('copied')
    expect(made.body.log).not.toBe(peer.greeting.session.log)
    expect(fork.events.slice(0, end)).toEqual(peer.events.slice(0, end))
    const { sdkSessionId } = await peer.info()
    expect(fork.events[end]).toMatchObject({
      seq: end + 1,
      type: 'copied',
      source: 'session',
      from: 'origin',
      at: end,
    })
    expect((await fork.info()).sdkSessionId).not.toBe(sdkSessionId)
    expect((await fork.info()).usage).toMatchObject({ turns: 0, costUsd: 0 })
    await run(fork, 'three')
    const { usage } = await fork.info()
    expect(usage.turns).toBe(1)
    expect(usage.outputTokens).toBeGreaterThan(0)
    expect(usage.outputTokens).toBeLessThan((await peer.info()).usage.outputTokens)
  })

  test('repeated with the same id is the same fork; another session with that id is a conflict', async ({
    world,
    stage,
  }) => {
    const peer = await Peer.create(world, stage.server)
    await run(peer, 'once')
    expect((await peer.http('POST', '/fork', { id: 'again' })).status).toBe(201)
    expect(await peer.http('POST', '/fork', { id: 'again' })).toMatchObject({
      status: 200,
      body: { id: 'again' },
    })
    await Peer.create(world, stage.server, { id: 'other' })
    expect(await peer.http('POST', '/fork', { id: 'other' })).toMatchObject({
      status: 409,
      body: { code: 'session_exists' },
    })
  })

  test('within a turn is refused, with the ends of turns around it; without `at` it is the last turn that ended', async ({
    world,
    stage,
  }) => {
    const peer = await Peer.create(world, stage.server)
    await run(peer, 'before it')
    const end = peer.of('prompt_ended')[0]!.seq
    await peer.send('hang: forever')
    await peer.status('running')
    await peer.event('sdk_message', ({ seq, data }) => seq > end && data.type === 'system', PATIENT_MS)
    const refused = await peer.http('POST', '/fork', { at: end + 3 })
    expect(refused).toMatchObject({ status: 409, body: { code: 'no_turn_end' } })
    expect(refused.body.error).toContain(`ended at ${end}`)
    expect(await peer.http('POST', '/fork', { at: 100_000 })).toMatchObject({
      status: 409,
      body: { code: 'no_turn_end' },
    })
    const made = await peer.http('POST', '/fork')
    expect(made.status).toBe(201)
    const fork = await Peer.attach(world, stage.server, made.body.id)
    expect(await run(fork, 'while the first hangs')).toBe('completed')
    expect(lastTexts(stage.claude, 'while the first hangs')).not.toContain('hang: forever')
    peer.interrupt()
  })

  test('A prompt that waited when a session was copied is run in the first one, and cancelled in the copy', async ({
    world,
    stage,
  }) => {
    const peer = await Peer.create(world, stage.server)
    const first = await peer.send('brief: words')
    const waiting = await peer.send('it waits its turn')
    await peer.ended(first, PATIENT_MS)
    const end = peer.of('prompt_ended').find(({ uuid }) => uuid === first)!.seq
    const made = await peer.http('POST', '/fork', { at: end })
    const fork = await Peer.attach(world, stage.server, made.body.id)
    expect(await fork.ended(waiting, PATIENT_MS)).toBe('cancelled')
    expect(await peer.ended(waiting, PATIENT_MS)).toBe('completed')
    expect(requestsWith(stage.claude, 'it waits its turn')).toHaveLength(1)
    expect(await run(fork, 'the fork on its own')).toBe('completed')
    expect(lastTexts(stage.claude, 'the fork on its own')).not.toContain('it waits its turn')
  })

  test('before a /clear remembers what was cleared since', async ({ world, stage }) => {
    const peer = await Peer.create(world, stage.server)
    await run(peer, 'to be cleared')
    const end = peer.of('prompt_ended')[0]!.seq
    await run(peer, '/clear')
    await run(peer, 'after the clearing')
    const made = await peer.http('POST', '/fork', { at: end })
    const fork = await Peer.attach(world, stage.server, made.body.id)
    expect(await run(fork, 'what do you know?')).toBe('completed')
    expect(lastTexts(stage.claude, 'what do you know?')).toContain('to be cleared')
  })

  test('of nothing that was said begins anew; other options count for it', async ({ world, stage }) => {
    const peer = await Peer.create(world, stage.server, { options: { model: 'claude-a' } })
    const made = await peer.http('POST', '/fork', { title: 'mine', options: { model: 'claude-b' } })
    expect(made.body).toMatchObject({ title: 'mine', options: { model: 'claude-b' } })
    const fork = await Peer.attach(world, stage.server, made.body.id)
    expect(await run(fork, 'hello there')).toBe('completed')
    expect(requestsWith(stage.claude, 'hello there').at(-1)!.body.model).toBe('claude-b')
    expect(await peer.http('POST', '/fork', { options: { cwd: '/' } })).toMatchObject({
      status: 400,
      body: { code: 'option_refused' },
    })
  })

  test('outlives the session that it was made of, and a crash of the server', async ({ world }) => {
    let stage = await setStage(world)
    const peer = await Peer.create(world, stage.server)
    await run(peer, 'said long ago')
    const made = await peer.http('POST', '/fork')
    expect((await peer.http('DELETE')).status).toBe(204)
    stage = await crash(world, stage)
    const fork = await Peer.attach(world, stage.server, made.body.id)
    expect(await run(fork, 'do you remember?')).toBe('completed')
    expect(userTexts(requestsWith(stage.claude, 'do you remember?').at(-1)!.body)).toContain('said long ago')
    expect(fork.of('error')).toEqual([])
  })

  test('of a session whose transcript is gone is refused with history_lost', async ({ world, stage }) => {
    const peer = await Peer.create(world, stage.server)
    await run(peer, 'something')
    await rm(`${stage.server.home}/.claude/projects`, { recursive: true })
    expect(await peer.http('POST', '/fork')).toMatchObject({ status: 500, body: { code: 'history_lost' } })
    expect((await http(stage.server, 'GET', '/sessions')).status).toBe(200)
  })
})
