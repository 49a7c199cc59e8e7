import { ask } from '../../support/http.ts'
import { conversationOf, turnsOf } from '../../support/messages.ts'
import { expect, test } from '../../support/test.ts'
import { until } from '../../support/until.ts'
import { isResult, range } from './support/frame.ts'
import { blocks, restart, talk } from './support/speeches.ts'

test('An acknowledged prompt enters the conversation exactly once, however often it is sent, and has one `prompt_ended`', async ({
  world,
}) => {
  const before = await talk(world, [blocks('lecture', 60, 0, 60)])
  const { claude, session } = before
  const uuid = crypto.randomUUID()
  const listener = session.listen()
  const [http, socket, again] = await Promise.all([
    session.prompt('lecture', { uuid }),
    listener.prompt('lecture', uuid),
    session.prompt('lecture', { uuid }),
  ])
  const accepted = { uuid, seq: 1, turn: 'own' }
  expect([http.status, again.status]).toEqual([202, 202])
  expect([http.json, again.json, socket.result]).toEqual([accepted, accepted, accepted])
  await until('it runs', () => turnsOf(claude).length === 1)
  expect((await session.prompt('lecture', { uuid })).json, 'while it runs').toEqual(accepted)
  await session.idle()
  expect((await session.prompt('lecture', { uuid })).json, 'when it has ended').toEqual(accepted)

  const after = await restart(world, before)
  expect((await after.session.prompt('lecture', { uuid })).json, 'after a crash').toEqual(accepted)
  const other = await after.session.prompt('another', { uuid })
  expect(other).toMatchObject({ status: 409, json: { code: 'uuid_conflict' } })
  await after.session.prompt('and now?')
  await after.session.idle()
  const events = await after.session.pages()
  const about = events.filter((event) => event.uuid === uuid).map(({ type }) => type)
  expect(about).toEqual(['user_message', 'prompt_ended'])
  expect(events.filter(isResult)).toHaveLength(2)
  expect(conversationOf(turnsOf(claude).at(-1)!).split('"lecture"')).toHaveLength(2)
})

test('a prompt that is sent many times at once is taken once', async ({ world }) => {
  const { claude, session } = await talk(world)
  const uuid = crypto.randomUUID()
  const answers = await Promise.all(range(0, 39).map(() => session.prompt('once', { uuid })))
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
  expect(answers[0]).toMatchObject({ status: 202, json: { uuid, seq: 1 } })
  const others = await Promise.all(range(0, 9).map(() => session.prompt('twice', { uuid })))
  expect(new Set(others.map(({ status }) => status))).toEqual(new Set([409]))
  await session.idle()
  expect(turnsOf(claude)).toHaveLength(1)
  expect((await session.pages()).filter((event) => event.uuid === uuid)).toHaveLength(2)
})

test('`POST /sessions` is safe to repeat: 201, then 200 with the same session; with other options 409', async ({
  world,
}) => {
  const before = await talk(world)
  const create = async (url: string, options: object): Promise<{ status: number; log?: unknown }> => {
    const body = { id: 'repeated', options, title: 'a title' }
    const { status, text } = await ask(`${url}/sessions`, { method: 'POST', body })
    const { log } = JSON.parse(text) as { log?: string }
    return { status, log }
  }
  const options = { maxTurns: 3, env: { SECRET: 'a secret of these tests' } }
  const { url } = before.server
  const all = await Promise.all(range(0, 9).map(() => create(url, options)))
  expect(all.map(({ status }) => status).sort()).toEqual([...Array<number>(9).fill(200), 201])
  expect(new Set(all.map(({ log }) => log)).size).toBe(1)
  expect(await create(url, { maxTurns: 4 })).toMatchObject({ status: 409 })

  const after = await restart(world, before)
  expect(await create(after.server.url, options)).toEqual({ status: 200, log: all[0]!.log })
  expect(await create(after.server.url, { maxTurns: 4 })).toMatchObject({ status: 409 })
})
