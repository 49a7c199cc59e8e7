import { expect, test } from 'vitest'
import { connect } from '../src/index.ts'
import { rejection, until } from './peer.ts'
import { startEngine } from './sandbox-engine.ts'

test(
  'sessions in a sandbox: over its headers, and at its next address too',
  { timeout: 120_000 },
  async () => {
    const engine = await startEngine({ rules: [{ steps: [{ text: 'Good day.' }] }] })
    const sandbox = await engine.create({ envs: { ANTHROPIC_API_KEY: 'k' } })
    const server = connect({ sandbox })
    expect(await server.health()).toMatchObject({ status: 'ok' })
    const session = await server.createSession()
    const texts: string[] = []
    session.on('sdk_message', ({ data }) => {
      if (data.type === 'result' && data.subtype === 'success') texts.push(data.result)
    })
    await session.prompt('Hello')
    await engine.move(sandbox.id)
    expect(await session.prompt('And again')).toMatchObject({ subtype: 'success' })
    await until(() => texts.length === 2)
    expect(engine.passes.every(({ headers }) => headers['x-gate'] === sandbox.id)).toBe(true)
    await session.close()
  },
)

test('a sandbox that says it is gone ends what asks for it', async () => {
  const engine = await startEngine()
  const sandbox = await engine.create()
  sandbox.endpoint = () =>
    Promise.reject(Object.assign(new Error('It is gone.'), { code: 'sandbox_not_found', hint: 'Make one.' }))
  const server = connect({ sandbox })
  const gone = { name: 'AgentServerError', code: 'sandbox_not_found', hint: 'Make one.' }
  expect(await rejection(server.health())).toMatchObject(gone)
  const session = server.session('s1')
  session.on('ask', () => {})
  await until(() => session.state.status === 'closed')
  expect(session.state.error).toMatchObject(gone)
})

test('headers of an address go with every request and upgrade', async () => {
  const engine = await startEngine()
  const sandbox = await engine.create()
  const { url, headers } = await sandbox.endpoint()
  const server = connect({ url, headers, token: sandbox.token })
  expect(await server.listSessions()).toEqual({ sessions: [] })
  expect(await rejection(connect({ url, token: sandbox.token }).listSessions())).toMatchObject({
    code: 'not_a_server',
  })
})
