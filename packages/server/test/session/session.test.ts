import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { until } from '../support.ts'
import { createSession, say } from './live-session.ts'

const partial = { includePartialMessages: true }

describe('a prompt', () => {
  test('is in the log before the agent says anything, and ends after its result', async () => {
    const { session, story, ended } = await createSession()
    const { uuid, seq, turn } = await session.send(say('hello'))
    expect(await ended(uuid)).toBe('completed')
    const told = story()
    expect([told[0], seq, turn]).toEqual(['user_message', 1, 'own'])
    expect(told.indexOf('assistant')).toBeGreaterThan(told.indexOf('agent_started'))
    expect(told.lastIndexOf('prompt_ended')).toBeGreaterThan(told.indexOf('result'))
  })

  test('that comes twice with its uuid is asked once', async () => {
    const { session, asked, ended } = await createSession()
    const uuid = randomUUID()
    const first = await session.send(say('only once', uuid))
    expect(await session.send(say('only once', uuid))).toEqual(first)
    await ended((await session.send(say('another'))).uuid)
    expect(await session.send(say('only once', uuid))).toEqual(first)
    await ended((await session.send(say('the end'))).uuid)
    expect(asked().at(-1)!.split('only once').length - 1).toBe(1)
  })

  test('with the uuid of another one is refused, also while that one is being written', async () => {
    const { session } = await createSession()
    const uuid = randomUUID()
    const first = session.send(say('one', uuid))
    await expect(session.send(say('two', uuid))).rejects.toMatchObject({ code: 'uuid_conflict' })
    await first
    await expect(session.send(say('two', uuid))).rejects.toMatchObject({ code: 'uuid_conflict' })
  })

  test('beyond the limit of those that wait is refused, and taken once there is room', async () => {
    const { session, ended } = await createSession({ maxQueuedPrompts: 2 })
    const prompts = await Promise.all([
      session.send(say('1')),
      session.send(say('2')),
      session.send(say('3')),
    ])
    await expect(session.send(say('4'))).rejects.toMatchObject({ code: 'queue_full', retryAfterMs: 1000 })
    for (const { uuid } of prompts) expect(await ended(uuid)).toBe('completed')
    expect(await ended((await session.send(say('4'))).uuid)).toBe('completed')
  })

  test('beyond the size of what may wait is refused: memory is bounded', async () => {
    const { session } = await createSession()
    await session.send(say('slow'))
    const large = 'x'.repeat(30 * 1024 * 1024)
    for (let i = 0; i < 3; i += 1) await session.send(say(large))
    await expect(session.send(say('small'))).rejects.toMatchObject({ code: 'queue_full' })
  })

  test('without access to a model is refused and not kept, until there is one', async () => {
    const { session, story } = await createSession({ access: { kind: 'none' } })
    await expect(session.send(say('x'))).rejects.toMatchObject({ code: 'no_model_access' })
    expect(story()).toEqual([])
    await session.update({ options: { anthropicApiKey: 'now there is one' } })
    await session.send(say('x'))
  })

  test('each of several gets a turn of its own, in order', async () => {
    const { session, events, story, asked, ended } = await createSession()
    const prompts = await Promise.all(['first', 'second', 'third'].map((text) => session.send(say(text))))
    await ended(prompts[2]!.uuid)
    const ends = events().flatMap((event) => (event.type === 'prompt_ended' ? event.uuid : []))
    expect(ends).toEqual(prompts.map(({ uuid }) => uuid))
    expect(story().filter((type) => type === 'result')).toHaveLength(3)
    expect(asked()).toHaveLength(3)
  })
})

describe('an interrupt', () => {
  test('ends the running turn, and the next prompt is answered', async () => {
    const { session, streams, ended } = await createSession({ options: partial })
    const slow = await session.send(say('slow'))
    await streams()
    session.interrupt()
    expect(await ended(slow.uuid)).toBe('interrupted')
    expect(await ended((await session.send(say('hello'))).uuid)).toBe('completed')
  })

  test('before the agent has begun, even before the prompt is written, holds for the prompt that it was meant for', async () => {
    const { session, ended } = await createSession()
    const slow = session.send(say('slow'))
    session.interrupt()
    const next = session.send(say('hello'))
    expect(await ended((await slow).uuid)).toBe('interrupted')
    expect(await ended((await next).uuid)).toBe('completed')
  })

  test('without a turn does nothing', async () => {
    const { session, ended } = await createSession()
    session.interrupt()
    expect(await ended((await session.send(say('hello'))).uuid)).toBe('completed')
  })
})

describe('when the session closes', () => {
  test('its agent is gone with everything that it started, and prompts are refused', async () => {
    const { session, supervision, ended } = await createSession()
    await ended((await session.send(say('hello'))).uuid)
    expect((await supervision.find()).length).toBeGreaterThan(0)
    await session.close('stopping')
    expect(await supervision.find()).toEqual([])
    await expect(session.send(say('x'))).rejects.toMatchObject({ code: 'server_stopping' })
  })

  test('the prompt that runs is interrupted, and those that wait stay for the next start', async () => {
    const { session, streams, outcome } = await createSession({ options: partial })
    const slow = await session.send(say('slow'))
    const next = await session.send(say('hello'))
    await streams()
    const isClosed = session.close('stopping')
    expect(session.onClosed(() => {})).toBeTypeOf('function')
    await isClosed
    await until('the end is told', () => outcome(slow.uuid) !== undefined)
    expect([outcome(slow.uuid), outcome(next.uuid)]).toEqual(['interrupted', undefined])
  })
})
