import { bash, conversationOf, turnsOf } from '../support/messages.ts'
import { processesWith } from '../support/processes.ts'
import { expect, test } from '../support/test.ts'
import { pause, until } from '../support/until.ts'

const endless = {
  name: 'endless',
  match: { lastUserText: 'talk for ever' },
  steps: [{ text: 'word ', repeat: 100_000, pace: { deltasPerSecond: 50 } }],
}

test('an interrupt in the middle of a stream ends the turn, and the next message works', async ({
  world,
}) => {
  const { client, claude, server } = await world.talk([endless])
  const before = (await server.agent()).id
  client.prompt('talk for ever')
  await until('the model streams', () => turnsOf(claude).length === 1)
  await pause(500)
  client.send({ type: 'interrupt' })
  expect(await client.result()).toMatchObject({ subtype: 'error_during_execution' })
  await until('the stream is aborted', () => turnsOf(claude)[0]?.outcome === 'aborted')
  client.prompt('and now?')
  expect((await client.result()).result).toBe('echo: and now?')
  expect(conversationOf(turnsOf(claude)[1]!)).toContain('talk for ever')
  expect((await server.agent()).id).toBe(before)
})

test('an interrupt sent right behind its message ends that turn too', async ({ world }) => {
  const { client } = await world.talk([endless])
  client.prompt('talk for ever')
  client.send({ type: 'interrupt' })
  expect(await client.result()).toMatchObject({ subtype: 'error_during_execution' })
  client.prompt('next')
  expect((await client.result()).result).toBe('echo: next')
})

test('an interrupt ends only the running turn: messages that wait are answered after it', async ({
  world,
}) => {
  const { client, claude } = await world.talk([endless])
  client.prompt('talk for ever')
  client.prompt('I waited')
  await until('the model streams', () => turnsOf(claude).length === 1)
  client.send({ type: 'interrupt' })
  expect(await client.result()).toMatchObject({ subtype: 'error_during_execution' })
  expect((await client.result()).result).toBe('echo: I waited')
})

test('an interrupt in the middle of a tool ends the turn and the tool', async ({ world }) => {
  const command = 'timeout 4711.25 tail -f /dev/null'
  const { client } = await world.talk([bash('wait', command)])
  client.prompt('wait')
  await until('the tool runs', async () => (await processesWith(command)).length > 0)
  client.send({ type: 'interrupt' })
  expect(await client.result()).toMatchObject({ subtype: 'error_during_execution' })
  await until('the tool is gone', async () => (await processesWith(command)).length === 0)
  client.prompt('next')
  expect((await client.result()).result).toBe('echo: next')
})

test('an interrupt with no turn does nothing: no frame comes of it, and the next message works', async ({
  world,
}) => {
  const { client } = await world.talk()
  client.send({ type: 'interrupt' })
  client.prompt('first')
  expect((await client.result()).result).toBe('echo: first')
  client.send({ type: 'interrupt' })
  client.send({ type: 'interrupt' })
  client.prompt('second')
  expect((await client.result()).result).toBe('echo: second')
  expect(client.frames.filter(({ type }) => type === 'error')).toEqual([])
})
