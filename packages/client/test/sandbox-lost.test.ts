import { expect, test } from 'vitest'
import { createClient } from './clients.ts'
import { rejection, until } from './peer.ts'
import { startEngine } from './sandbox-engine.ts'

test('a server at another port is found without asking the engine to come back', async () => {
  const engine = await startEngine()
  const { client, states } = createClient({ sandbox: engine })
  await client.start()
  await engine.move(client.sandboxId)
  await until(() => states.filter(({ status }) => status === 'connected').length === 2)
  expect(engine.calls).toEqual(['create'])
  expect(states.map(({ status }) => status)).not.toContain('closed')
})

test('a sandbox that was stopped is brought back, and its files and its conversation are there', async () => {
  const engine = await startEngine()
  const { client, messages, states } = createClient({ sandbox: engine })
  await client.start()
  await client.writeFile('kept.txt', 'still here')
  await engine.halt(client.sandboxId)
  await until(() => states.filter(({ status }) => status === 'connected').length === 2)
  expect(await client.readFile('kept.txt')).toBe('still here')
  expect(engine.calls).toEqual(['create', 'connect'])
  expect(messages.filter(({ type }) => type === 'connected').length).toBe(2)
})

test(
  'an answer that was given while the sandbox stopped comes once it is back',
  { timeout: 120_000 },
  async () => {
    const engine = await startEngine({ rules: [{ steps: [{ text: 'Good day.' }] }] })
    const { client, messages } = createClient({ sandbox: engine, anthropicApiKey: 'k' })
    await client.start()
    const uuid = crypto.randomUUID()
    client.send({
      type: 'user_message',
      data: { type: 'user', uuid, message: { role: 'user', content: 'Hi' } },
    })
    await until(() => JSON.stringify(messages).includes('"subtype":"success"'), 'a result', 90_000)
    await engine.halt(client.sandboxId)
    await until(() => client.state.status === 'connected' && engine.calls.includes('connect'))
    client.send({
      type: 'user_message',
      data: { type: 'user', message: { role: 'user', content: 'And again' } },
    })
    const results = () =>
      messages.filter((message) => message.type === 'sdk_message' && message.data.type === 'result')
    await until(() => results().length === 2, 'a second result', 90_000)
  },
)

test('a sandbox that is deleted behind our back closes the client with its code and hint', async () => {
  const engine = await startEngine()
  const { client, states } = createClient({ sandbox: engine })
  await client.start()
  await engine.remove(client.sandboxId)
  await until(() => client.state.status === 'closed')
  expect(states.at(-1)?.error).toMatchObject({ code: 'sandbox_not_found', hint: 'Make one.' })
  expect(await rejection(client.start())).toMatchObject({ code: 'sandbox_not_found' })
  await client.stop()
  await client.start()
  expect(engine.count).toBe(1)
})

test('a client that hears of the loss asks the engine at once', async () => {
  const engine = await startEngine()
  const { client, states } = createClient({ sandbox: engine })
  await client.start()
  // Wrongly told: it is there.
  engine.tell(client.sandboxId, 'sandbox_not_found')
  expect(client.state).toMatchObject({ status: 'reconnecting', error: { code: 'sandbox_not_found' } })
  await until(() => client.state.status === 'connected')
  expect(engine.calls).toEqual(['create', 'connect'])
  expect(states.map(({ status }) => status)).not.toContain('closed')
})

test('with reconnect: false a lost sandbox closes the client', async () => {
  const engine = await startEngine()
  const { client } = createClient({ sandbox: engine, reconnect: false })
  await client.start()
  engine.tell(client.sandboxId, 'sandbox_not_found')
  expect(client.state).toMatchObject({ status: 'closed', error: { code: 'sandbox_not_found' } })
})

test('an extension that finds no sandbox closes the client', async () => {
  const engine = await startEngine()
  const { client } = createClient({ sandbox: engine, timeoutMs: 3_000, connectTimeoutMs: 15_000 })
  await client.start()
  await engine.remove(client.sandboxId)
  await until(() => client.state.status === 'closed')
  expect(client.state.error).toMatchObject({ code: 'sandbox_not_found' })
})

test('an engine that is away when the sandbox has to be brought back is asked until it is there', async () => {
  const engine = await startEngine()
  const { client } = createClient({ sandbox: engine })
  await client.start()
  let isAway = true
  engine.before = () => {
    if (!isAway) return Promise.resolve()
    throw Object.assign(new Error('No answer.'), { code: 'engine_unreachable' })
  }
  await engine.halt(client.sandboxId)
  await until(() => client.state.error?.code === 'engine_unreachable')
  expect(client.state.status).toBe('reconnecting')
  isAway = false
  await until(() => client.state.status === 'connected')
})

test('a sandbox that is gone from the start says so', async () => {
  const engine = await startEngine()
  const { client } = createClient({ sandbox: engine, resume: 'test:none' })
  expect(await rejection(client.start())).toMatchObject({ code: 'sandbox_not_found' })
})
