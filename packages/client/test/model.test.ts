import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { type AgentServerError, serveModel } from '../src/index.ts'
import { KEY, startHost, startServing, unreachable } from './model-peer.ts'
import { refuseUpgrade, startPeer, until } from './peer.ts'

describe('a request of the server', () => {
  test('is made at the one host, with this client’s key and nothing that belongs to a hop or a person', async () => {
    const host = await startHost((from, to) => {
      void text(from).then((body) =>
        to.writeHead(201, { 'x-answer': 'yes', 'set-cookie': 'a=b', connection: 'close' }).end(body),
      )
    })
    const parked = await (await startServing(host)).first()
    const headers = {
      'anthropic-beta': 'x',
      'Content-Type': 'application/json',
      'X-API-Key': 'another',
      authorization: 'Bearer another',
      cookie: 'a=b',
      host: 'elsewhere.example',
      'proxy-authorization': 'Basic x',
      'x-forwarded-for': '1.2.3.4',
      'content-length': '7',
    }
    parked.ask({ path: '/v1/messages?beta=true', headers }, '{"a":1}')
    const response = await parked.take('response')
    await parked.take('end')
    expect(response).toMatchObject({ status: 201, headers: { 'x-answer': 'yes' } })
    for (const name of ['set-cookie', 'connection', 'content-length'])
      expect(response.headers).not.toHaveProperty(name)
    expect(parked.text).toBe('{"a":1}')
    const [from] = host.seen
    expect(from).toMatchObject({ method: 'POST', url: '/base/v1/messages?beta=true' })
    expect(from!.headers).toMatchObject({
      'x-api-key': KEY,
      'anthropic-beta': 'x',
      'content-type': 'application/json',
      host: new URL(host.url).host,
    })
    for (const name of ['authorization', 'cookie', 'proxy-authorization', 'x-forwarded-for'])
      expect(from!.headers).not.toHaveProperty(name)
    expect(JSON.stringify(parked.frames)).not.toContain(KEY)
  })

  test('has the headers of the CLI, and none by which a gateway would send the key elsewhere', async () => {
    const host = await startHost((_, to) => to.end('{}'))
    const parked = await (await startServing(host)).first()
    const ofCli = {
      accept: 'application/json',
      'user-agent': 'claude-cli/2',
      'anthropic-version': '2023-06-01',
      'x-app': 'cli',
      'x-claude-code-session-id': '1',
      'x-stainless-retry-count': '0',
    }
    const others = {
      'x-original-url': '/v1/organizations/api_keys',
      'x-rewrite-url': '/admin',
      'x-http-method-override': 'DELETE',
      'x-portkey-custom-host': 'https://elsewhere.example/v1',
      'helicone-target-url': 'https://elsewhere.example',
      'x-real-ip': '127.0.0.1',
      'api-key': 'another',
      'x-goog-api-key': 'another',
      'content-encoding': 'gzip',
    }
    parked.ask({ headers: { ...ofCli, ...others } }, '{}')
    await parked.take('end')
    const { headers } = host.seen[0]!
    expect(headers).toMatchObject(ofCli)
    for (const name of Object.keys(others)) expect(headers).not.toHaveProperty(name)
  })

  test('that is longer than it was announced is refused, and nothing beyond that is kept or sent', async () => {
    const sent: string[] = []
    const host = await startHost((from, to) => {
      void text(from).then(
        (body) => sent.push(body),
        () => {},
      )
      to.on('error', () => {})
    })
    const serving = await startServing(host)
    const parked = await serving.first()
    let asked = 0
    for (const length of [5, 2 * 1024 * 1024]) {
      parked.text = ''
      parked.ask({ headers: { 'content-length': String(length) }, hasBody: true })
      const chunk = Buffer.alloc(64 * 1024, 'x')
      for (let size = 0; size <= length; size += chunk.length) parked.socket.send(chunk)
      asked += 1
      // The last word of the body is still to come: the client does not wait for it.
      expect(await parked.take('response', asked)).toMatchObject({ status: 413 })
      await parked.take('end', asked)
      expect(JSON.parse(parked.text)).toMatchObject({ type: 'error', error: { type: 'request_too_large' } })
      parked.socket.send('{"type":"cancel"}')
      await parked.take('park', asked + 1)
    }
    expect(serving.errors).toMatchObject([{ code: 'body_too_large' }, { code: 'body_too_large' }])
    // What was announced may be with the host already.
    expect(sent.filter((body) => body.length !== 2 * 1024 * 1024)).toEqual([])
  })

  test('is made with a bearer token where that is what the client has', async () => {
    const host = await startHost((_, to) => to.end('[]'))
    const parked = await (await startServing(host, { authToken: 'of-a-gateway' })).first()
    parked.ask({ method: 'GET', path: '/v1/models/claude-x' })
    await parked.take('end')
    expect(host.seen[0]!.headers).toMatchObject({ authorization: 'Bearer of-a-gateway' })
    expect(host.seen[0]!.headers).not.toHaveProperty('x-api-key')
  })

  test.each([
    ['POST', '/v1/files'],
    ['GET', '/v1/messages'],
    ['DELETE', '/v1/models/a'],
    ['POST', '/v1/messages/../organizations'],
    ['POST', '/v1/messages/%2e%2e/organizations'],
    ['POST', '//elsewhere.example/v1/messages'],
    ['POST', 'http://elsewhere.example/v1/messages'],
    ['POST', '@elsewhere.example/v1/messages'],
    ['POST', '\\\\elsewhere.example/v1/messages'],
    ['GET', '/v1/models/..'],
    ['GET', '/v1/models\n'],
    ['CONNECT', '/v1/messages'],
  ])('for %s %s is refused: nothing leaves the client', async (method, path) => {
    const host = await startHost((_, to) => to.end())
    const serving = await startServing(host)
    const parked = await serving.first()
    parked.ask({ method, path })
    expect(await parked.take('error')).toMatchObject({ code: 'invalid_request' })
    expect(serving.errors).toMatchObject([{ code: 'invalid_request' }])
    // The socket is good for the next.
    await parked.take('park', 2)
    expect(host.seen).toEqual([])
  })

  test('that makes no sense is refused, and the client lives on', async () => {
    const host = await startHost((_, to) => to.end())
    const parked = await (await startServing(host)).first()
    parked.ask({ method: null, path: 7, headers: null } as never)
    expect(await parked.take('error')).toMatchObject({ code: 'invalid_request' })
    parked.ask({ headers: { 'a b': 'x', 'x-app': 'a\r\nb: c', accept: 'yes' } }, '{}')
    await parked.take('end')
    expect(host.seen[0]!.headers).toMatchObject({ accept: 'yes' })
    expect(host.seen[0]!.headers).not.toHaveProperty('b')
  })

  test('whose answer is a redirect fails: the key goes nowhere else', async () => {
    const elsewhere = await startHost((_, to) => to.end())
    const host = await startHost((_, to) => to.writeHead(307, { location: elsewhere.url }).end())
    const parked = await (await startServing(host)).first()
    parked.ask({}, '{}')
    expect((await parked.take('error')).error).toContain('redirects are not followed')
    expect(elsewhere.seen).toEqual([])
  })

  test('that the host cannot take fails with the cause', async () => {
    const serving = await startServing(await unreachable())
    const parked = await serving.first()
    parked.ask({}, '{}')
    expect((await parked.take('error')).error).toMatch(/127\.0\.0\.1:\d+ could not be reached.*ECONNREFUSED/)
    expect(serving.errors).toMatchObject([{ code: 'connect_failed' }])
  })

  test('is given errors of the host as they are', async () => {
    const host = await startHost((_, to) => to.writeHead(429, { 'retry-after': '7' }).end('{"type":"error"}'))
    const parked = await (await startServing(host)).first()
    parked.ask({}, '{}')
    expect(await parked.take('response')).toMatchObject({ status: 429, headers: { 'retry-after': '7' } })
    await parked.take('end')
    expect(parked.text).toBe('{"type":"error"}')
  })

  test('that the server cancels is ended at the host, and the socket parked again', async () => {
    let ended = false
    const host = await startHost((from, to) => {
      to.on('close', () => (ended = true))
      to.writeHead(200).write('x')
      from.resume()
    })
    const serving = await startServing(host)
    const parked = await serving.first()
    parked.ask({}, '{}')
    await parked.take('response')
    parked.socket.send('{"type":"cancel"}')
    await until(() => ended)
    await parked.take('end')
    await parked.take('park', 2)
    expect(serving.errors).toEqual([])
  })

  test('whose line is lost is ended at the host, and the line comes back', async () => {
    let ended = false
    const host = await startHost((from, to) => {
      to.on('close', () => (ended = true))
      to.writeHead(200).write('x')
      from.resume()
    })
    const serving = await startServing(host)
    const parked = await serving.first()
    parked.ask({}, '{}')
    await parked.take('response')
    const before = serving.parked.length
    for (const { socket } of serving.parked) socket.terminate()
    await until(() => ended)
    await until(() => serving.parked.length > before)
    await serving.parked[before]!.take('park')
    expect(serving.errors).toEqual([])
  })

  test('whose answer the host cuts is told as cut', async () => {
    const host = await startHost((_, to) => {
      to.writeHead(200).write('a part')
      setTimeout(() => to.destroy(), 20)
    })
    const parked = await (await startServing(host)).first()
    parked.ask({}, '{}')
    expect((await parked.take('error')).error).toContain('broke off')
    expect(parked.text).toBe('a part')
  })
})

test('an answer streams: its first part is passed on while the host still holds the second', async () => {
  let finish = (): void => {}
  const host = await startHost((_, to) => {
    to.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: first\n\n')
    finish = () => to.end('data: second\n\n')
  })
  const parked = await (await startServing(host)).first()
  parked.ask({}, '{}')
  await until(() => parked.text === 'data: first\n\n')
  finish()
  await parked.take('end')
  expect(parked.text).toBe('data: first\n\ndata: second\n\n')
})

test.each([
  ['of a known length', { 'content-length': String(8 * 1024 * 1024) }],
  ['of an unknown length', {}],
])('a large body %s is read no faster than the host takes it', async (_, headers) => {
  const chunk = Buffer.alloc(64 * 1024, 'x')
  const size = 8 * 1024 * 1024
  let length = 0
  let take = (): void => {}
  const host = await startHost((from, to) => {
    take = () => {
      from.on('data', (bytes: Buffer) => (length += bytes.length))
      from.on('end', () => to.end(from.headers['content-length'] ?? 'chunked'))
    }
  })
  const parked = await (await startServing(host)).first()
  parked.ask({ headers, hasBody: true })
  for (let sent = 0; sent < size; sent += chunk.length) parked.socket.send(chunk)
  parked.socket.send('{"type":"end"}')
  await until(() => host.seen.length > 0)
  take()
  await parked.take('end')
  expect(length).toBe(size)
  expect(parked.text).toBe('content-length' in headers ? String(size) : 'chunked')
})

test('a frame that is larger than a server’s ever are ends its socket, and another comes', async () => {
  const host = await startHost((_, to) => to.end())
  const serving = await startServing(host)
  const parked = await serving.first()
  parked.ask({ hasBody: true })
  const closed = new Promise((resolve) => parked.socket.once('close', resolve))
  parked.socket.send(Buffer.alloc(2 * 1024 * 1024))
  expect(await closed, 'message too big').toBe(1009)
  await until(() => serving.parked.at(-1) !== parked && serving.parked.at(-1)!.frames.length > 0)
})

describe('sockets', () => {
  test('there is always one more than requests, up to 32, and five of them stay when all is done', async () => {
    const held: (() => void)[] = []
    const host = await startHost((_, to) => void held.push(() => to.end()))
    const serving = await startServing(host)
    await serving.first()
    for (let i = 0; i < 32; i += 1) {
      await until(() => serving.parked[i]?.frames.some(({ type }) => type === 'park') === true)
      serving.parked[i]!.ask({ method: 'GET', path: '/v1/models' })
      await until(() => held.length === i + 1)
    }
    expect(serving.parked.length).toBe(32)
    for (const end of held) end()
    await until(() => serving.open() <= 5)
    expect(serving.open()).toBeGreaterThanOrEqual(4)
    expect(serving.parked[0]!.socket.readyState, 'the first').toBe(1)
  })

  test('are all closed by close(), and their requests ended', async () => {
    let ended = false
    const host = await startHost((_, to) => {
      to.on('close', () => (ended = true))
      to.writeHead(200).write('x')
    })
    const serving = await startServing(host)
    const parked = await serving.first()
    parked.ask({}, '{}')
    await parked.take('response')
    await serving.close()
    expect(serving.open()).toBe(0)
    await until(() => ended)
    expect(serving.errors).toEqual([])
  })
})

test.each([
  ['has a key of its own', 404, '{"error":"No WebSocket.","code":"not_found"}', 'CLAUDE_AGENT_BROKER=client'],
  ['wants another token', 401, '{"error":"Wrong.","code":"unauthorized"}', 'CLAUDE_AGENT_TOKEN'],
])('a server that %s ends the service, which says why', async (_, status, body, hint) => {
  const peer = await startPeer({
    onUpgrade: (_request, socket) => refuseUpgrade(socket, status, 'application/json', body),
  })
  const errors: AgentServerError[] = []
  const service = serveModel({
    endpoint: { url: peer.url },
    apiKey: KEY,
    onError: (error) => errors.push(error),
  })
  await until(() => errors.length > 0)
  expect(errors).toMatchObject([{ hint: expect.stringContaining(hint) as string }])
  await service.close()
})

test.each([
  ['no key', {}],
  ['two credentials', { apiKey: 'a', authToken: 'b' }],
  ['a key of two lines', { apiKey: 'sk-one\nsk-two' }],
  ['a baseUrl that is none', { apiKey: 'a', baseUrl: 'api.example' }],
  ['a baseUrl with a password', { apiKey: 'a', baseUrl: 'https://user:secret@api.example' }],
  ['a server without a scheme', { apiKey: 'a', endpoint: { url: 'localhost' } }],
])('%s is refused at once, and no secret repeated', (_, options) => {
  try {
    void serveModel({ endpoint: { url: 'http://127.0.0.1:1' }, ...options }).close()
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid_setting' })
    expect((error as AgentServerError).message).not.toMatch(/sk-one|secret/)
    return
  }
  expect.unreachable()
})
