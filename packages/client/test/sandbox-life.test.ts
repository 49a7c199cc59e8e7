import { SandboxError } from '@claude-agent/sandbox'
import { expect, test } from 'vitest'
import { createClient } from './clients.ts'
import { rejection, until } from './peer.ts'
import { startEngine } from './sandbox-engine.ts'

test('stop after a start that failed at the engine leaves nothing', async () => {
  const engine = await startEngine()
  engine.before = () => {
    throw new SandboxError({ code: 'template_not_found', message: 'No image x.', hint: 'Build it.' })
  }
  const { client, states } = createClient({ sandbox: engine })
  const error = await rejection(client.start())
  expect(error).toMatchObject({ code: 'template_not_found', message: 'No image x.', hint: 'Build it.' })
  expect((error as Error).cause).toBeInstanceOf(SandboxError)
  expect(states.at(-1)).toMatchObject({ status: 'closed', error })
  await client.stop()
  expect(engine.calls).toEqual(['create'])
})

test('stop after a start that failed at the server ends the sandbox', async () => {
  const engine = await startEngine()
  const { client } = createClient({ sandbox: engine, model: 7 as unknown as string })
  expect(await rejection(client.start())).toMatchObject({ code: 'invalid_config' })
  expect(engine.count).toBe(1)
  await client.stop()
  expect(engine.count).toBe(0)
})

test('stop during the creation ends it, and waits for what it left', async () => {
  const engine = await startEngine()
  let arrive = (): void => {}
  // An engine that does not listen to the signal.
  engine.before = () => new Promise((resolve) => (arrive = resolve))
  const { client } = createClient({ sandbox: engine })
  const started = rejection(client.start())
  await until(() => engine.calls.length === 1)
  const stopped = client.stop()
  expect(await started).toMatchObject({ code: 'not_connected' })
  arrive()
  await stopped
  expect(engine.calls).toEqual(['create', 'kill'])
  expect(engine.count).toBe(0)
})

test('a creation that hangs ends with start_timeout, and a sandbox that comes after all is ended', async () => {
  const engine = await startEngine()
  let arrive = (): void => {}
  engine.before = () => new Promise((resolve) => (arrive = resolve))
  const { client } = createClient({ sandbox: engine, startTimeoutMs: 50 })
  const error = await rejection(client.start())
  expect(error).toMatchObject({ code: 'start_timeout', hint: expect.stringContaining('startTimeoutMs') })
  arrive()
  await until(() => engine.calls.includes('kill') && engine.count === 0)
})

test('progress shows that a slow creation does not hang', async () => {
  const engine = await startEngine()
  engine.before = async ({ onProgress }) => {
    for (let index = 0; index < 25; index += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      onProgress?.({ step: 'pull', message: `${index}`, elapsedMs: index })
    }
  }
  const { client } = createClient({ sandbox: engine, startTimeoutMs: 2_000 })
  await client.start()
  expect(client.state.status).toBe('connected')
})

test('a client keeps its sandbox alive at each third of its time, until it stops', async () => {
  const engine = await startEngine()
  const { client } = createClient({ sandbox: engine, timeoutMs: 3_000, connectTimeoutMs: 15_000 })
  await client.start()
  await until(() => engine.calls.filter((call) => call === 'extend 3000').length >= 2)
  await client.detach()
  const count = engine.calls.length
  await new Promise((resolve) => setTimeout(resolve, 1_200))
  expect(engine.calls.length).toBe(count)
})

test('an engine that is away for an extension is asked again', async () => {
  const engine = await startEngine()
  const { client } = createClient({ sandbox: engine, timeoutMs: 600, connectTimeoutMs: 15_000 })
  engine.fault = 'engine_unreachable'
  await client.start().catch(() => {})
  await until(() => engine.calls.filter((call) => call === 'extend 600').length >= 2)
  engine.fault = undefined
  expect(client.state.status).toBe('connected')
})

test('with keepAlive: false the time of a sandbox runs out', async () => {
  const engine = await startEngine()
  const { client } = createClient({ sandbox: engine, timeoutMs: 15_000, keepAlive: false })
  await client.start()
  expect(engine.calls).toEqual(['create'])
})

test('detach leaves the sandbox running; start and another client come back to it', async () => {
  const engine = await startEngine()
  const { client } = createClient({ sandbox: engine })
  await client.start()
  await client.writeFile('kept.txt', 'still here')
  const id = client.sandboxId ?? ''
  await client.detach()
  expect(engine.count).toBe(1)
  await client.start()
  expect(client.sandboxId).toBe(id)
  await client.detach()
  const other = createClient({ sandbox: engine, resume: id }).client
  await other.start()
  expect(await other.readFile('kept.txt')).toBe('still here')
  await other.stop()
  expect(engine.calls).toEqual(['create', 'connect', 'connect', 'kill'])
  expect(engine.count).toBe(0)
})

test('pause pauses, and start goes on where it was', async () => {
  const engine = await startEngine()
  const { client, states } = createClient({ sandbox: engine })
  await client.start()
  await client.writeFile('kept.txt', 'still here')
  await client.pause()
  expect(states.at(-1)).toEqual({ status: 'closed' })
  expect(() => client.interrupt()).toThrow('WebSocket is not connected')
  await client.start()
  expect(await client.readFile('kept.txt')).toBe('still here')
  expect(engine.calls).toEqual(['create', 'pause', 'connect'])
})

test('an engine without a pause refuses it, and the connection stays', async () => {
  const engine = await startEngine()
  engine.capabilities = { ...engine.capabilities, pause: false }
  const { client } = createClient({ sandbox: engine })
  expect(await rejection(client.pause())).toMatchObject({ code: 'not_connected' })
  await client.start()
  expect(await rejection(client.pause())).toMatchObject({ code: 'not_supported' })
  expect(client.state.status).toBe('connected')
})

test('a sandbox that could not be ended can be ended later', async () => {
  const engine = await startEngine()
  const { client } = createClient({ sandbox: engine })
  await client.start()
  engine.fault = 'unauthorized'
  expect(await rejection(client.stop())).toMatchObject({ code: 'unauthorized' })
  expect(client.sandboxId).toBeDefined()
  engine.fault = 'engine_unreachable'
  const stopped = client.stop()
  await until(() => engine.calls.filter((call) => call === 'kill').length >= 3)
  engine.fault = undefined
  await stopped
  expect(engine.count).toBe(0)
})

test('after stop, start makes another sandbox', async () => {
  const engine = await startEngine()
  const { client } = createClient({ sandbox: engine })
  await client.start()
  const first = client.sandboxId
  const stopped = client.stop()
  await client.start()
  await stopped
  expect(client.sandboxId).not.toBe(first)
  expect(engine.calls).toEqual(['create', 'kill', 'create'])
})
