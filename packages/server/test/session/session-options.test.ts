import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { until } from '../support.ts'
import { createSession, say, type LiveSession } from './live-session.ts'

const partial = { includePartialMessages: true }
const pirate = 'You are a pirate.'

function lastSystem({ model }: LiveSession): string {
  const { body } = model.requests.findLast(({ kind }) => kind === 'message')!
  return JSON.stringify((body as { system: unknown }).system)
}

describe('a change of the options', () => {
  test('replaces an agent that waits at once, and the conversation goes on', async () => {
    const live = await createSession()
    const { session, supervision, ended, asked } = live
    await ended((await session.send(say('remember me'))).uuid)
    const before = session.processId
    expect(await session.update({ options: { systemPrompt: pirate } })).toBe('now')
    await until(
      'another process is ready',
      () => session.processId !== undefined && session.processId !== before,
    )
    expect((await supervision.find()).map(({ id }) => id)).not.toContain(before)
    await ended((await session.send(say('again'))).uuid)
    expect(asked().at(-1)).toContain('remember me')
    expect(lastSystem(live)).toContain(pirate)
  })

  test('during a turn holds from the next one on', async () => {
    const live = await createSession({ options: partial })
    const { session, streams, ended } = live
    const slow = await session.send(say('slow'))
    await streams()
    expect(await session.update({ options: { systemPrompt: pirate } })).toBe('next_turn')
    session.interrupt()
    const next = await session.send(say('hello'))
    expect([await ended(slow.uuid), await ended(next.uuid)]).toEqual(['interrupted', 'completed'])
    expect(lastSystem(live)).toContain(pirate)
  })

  test('and a client that comes meanwhile leave the running turn alone', async () => {
    const { session, streams, ended } = await createSession({ options: partial })
    const brief = await session.send(say('brief'))
    await streams()
    expect(await session.update({ options: { systemPrompt: 'another' } })).toBe('next_turn')
    session.warm()
    const next = await session.send(say('hello'))
    expect([await ended(brief.uuid), await ended(next.uuid)]).toEqual(['completed', 'completed'])
  })

  test('of the key alone needs no other process, and counts at once', async () => {
    const { session, model, ended } = await createSession()
    await ended((await session.send(say('one'))).uuid)
    const before = session.processId
    await session.update({ options: { anthropicApiKey: 'another-key' } })
    await ended((await session.send(say('two'))).uuid)
    expect(session.processId).toBe(before)
    expect(model.requests.at(-1)!.headers['x-api-key']).toBe('another-key')
  })
})

test('secrets in settings reach the agent and its tools, but no command line', async () => {
  const { session, events, ended } = await createSession()
  const settings = { env: { MY_TOKEN: 'not-for-argv' }, permissions: { deny: ['WebFetch'] } }
  await session.update({ options: { settings } })
  await ended((await session.send(say('print it'))).uuid)
  const commandLine = await readFile(`/proc/${session.processId}/cmdline`, 'utf8')
  expect(commandLine).toContain('WebFetch')
  expect(commandLine).not.toContain('not-for-argv')
  expect(JSON.stringify(events())).toContain('the token is not-for-argv')
})
