import { upgrade } from '../support/http.ts'
import { conversationOf, turnsOf, userMessage } from '../support/messages.ts'
import { describe, expect, test } from '../support/test.ts'
import { pause } from '../support/until.ts'

const token = 'e2e-token-7f3a'

describe('the auth frame of a client that cannot set headers', () => {
  test('is needed first: nothing is sent before it; with the right token the client is greeted and served', async ({
    world,
  }) => {
    const { claude, server, client: first } = await world.talk([], { token })
    await first.close()
    const client = world.client(server.wsUrl)
    await client.open()
    await pause(300)
    expect(client.frames).toEqual([])
    client.send({ type: 'auth', token })
    await client.next(({ type }) => type === 'connected')
    client.prompt('hello')
    expect((await client.result()).result).toBe('echo: hello')
    expect(client.frames.filter(({ type }) => type === 'connected')).toHaveLength(1)
    expect(turnsOf(claude)).toHaveLength(1)
  })

  test('may have a message right behind it: it is not lost', async ({ world }) => {
    const { server, client: first } = await world.talk([], { token })
    await first.close()
    const client = world.client(server.wsUrl)
    await client.open()
    client.send({ type: 'auth', token })
    client.prompt('one')
    client.prompt('two')
    expect((await client.result()).result).toBe('echo: one')
    expect((await client.result()).result).toBe('echo: two')
  })

  test('with a wrong token, or any other first frame, gets `unauthorized` and close 4401', async ({
    world,
  }) => {
    const { server, client: holder, claude } = await world.talk([], { token })
    const firsts: unknown[] = [
      { type: 'auth', token: 'wrong' },
      { type: 'auth', token: '' },
      { type: 'auth' },
      { type: 'auth', token: [token] },
      userMessage('smuggled'),
      { type: 'interrupt' },
      { type: 'reboot' },
      'no json',
      Buffer.from(JSON.stringify({ type: 'auth', token })),
    ]
    const answers = new Set<string>()
    for (const first of firsts) {
      const client = world.client(server.wsUrl)
      await client.open()
      client.send(first)
      client.send({ type: 'auth', token })
      client.prompt('smuggled')
      expect((await client.closed).code, JSON.stringify(first)).toBe(4401)
      expect(client.frames).toHaveLength(1)
      answers.add(JSON.stringify(client.frames[0]))
    }
    expect([...answers], 'one answer to all').toHaveLength(1)
    expect([...answers][0]).toContain('"unauthorized"')
    holder.prompt('mine')
    await holder.result()
    expect(turnsOf(claude).map(conversationOf).join()).not.toContain('smuggled')
  })

  test.concurrent('missing for 5 s gets `auth_timeout` and close 4408', async ({ world }) => {
    const server = await world.server({ token })
    const client = world.client(server.wsUrl)
    expect((await client.closed).code).toBe(4408)
    expect(client.frames).toEqual([expect.objectContaining({ type: 'error', code: 'auth_timeout' })])
  })

  test('over 4 KB, in one frame or in many fragments, is dropped', async ({ world }) => {
    const server = await world.server({ token })
    const whole = world.client(server.wsUrl)
    await whole.open()
    whole.send({ type: 'auth', token, padding: 'x'.repeat(10_000) })
    const fragments = world.client(server.wsUrl)
    await fragments.open()
    for (let part = 0; part < 100; part += 1) fragments.socket.send('x'.repeat(1000), { fin: false })
    for (const client of [whole, fragments]) {
      expect((await client.closed).code, 'at once, not after 5 s').not.toBe(4408)
      expect(client.frames.filter(({ type }) => type === 'connected')).toEqual([])
    }
    await world.connect(server)
  })

  test.concurrent('still owed takes no slot: the client with the token gets it', async ({ world }) => {
    const server = await world.server({ token })
    const strangers = [1, 2, 3].map(() => world.client(server.wsUrl))
    for (const stranger of strangers) await stranger.open()
    const client = await world.connect(server)
    expect(client.frames).toEqual([{ type: 'connected' }])
    await Promise.all(strangers.map(({ closed }) => closed))
  })

  test('still owed tells nothing of what exists: /ws and /nope answer alike, held or not', async ({
    world,
  }) => {
    const server = await world.server({ token })
    await world.connect(server)
    const heard: string[] = []
    for (const path of ['/ws', '/files/watch?path=.', '/nope', '/files/watch?path=/etc/passwd']) {
      const client = world.client(server.wsUrl.replace('/ws', path))
      await client.open()
      client.send({ type: 'auth', token: 'wrong' })
      heard.push(JSON.stringify([await client.closed, client.frames]))
    }
    expect(new Set(heard).size).toBe(1)
    const member = world.client(server.wsUrl.replace('/ws', '/nope'))
    await member.open()
    member.send({ type: 'auth', token })
    expect(await member.error()).toMatchObject({ code: 'not_found' })
  })

  test('of a second client tells it that the slot is taken, and closes it', async ({ world }) => {
    const server = await world.server({ token })
    await world.connect(server)
    const second = world.client(server.wsUrl)
    await second.open()
    second.send({ type: 'auth', token })
    expect(await second.error()).toMatchObject({ error: 'Server already has an active connection' })
    expect((await second.closed).code).toBe(4409)
  })

  test('sent to a server without a token does no harm', async ({ world }) => {
    const { client } = await world.talk()
    client.send({ type: 'auth', token: 'whatever' })
    client.prompt('hello')
    expect((await client.result()).result).toBe('echo: hello')
    expect(client.frames.filter(({ type }) => type === 'error')).toEqual([])
  })
})

test('sockets beyond the limit are refused: by header at the upgrade, by frame with 4429', async ({
  world,
}) => {
  const server = await world.server({ token, env: { CLAUDE_AGENT_MAX_CONNECTIONS: '3' } })
  const watches = server.wsUrl.replace(/ws$/, 'files/watch')
  const known = [1, 2, 3].map(() => world.client(watches, { authorization: `Bearer ${token}` }))
  for (const client of known) await client.open()
  const stranger = world.client(server.wsUrl)
  await stranger.open()
  stranger.send({ type: 'auth', token })
  expect((await stranger.closed).code).toBe(4429)
  const refused = await upgrade(server.wsUrl, { authorization: `Bearer ${token}` })
  expect(refused).toMatchObject({
    status: 429,
    json: { code: 'too_many_connections', retryAfterMs: expect.any(Number) },
  })
})
