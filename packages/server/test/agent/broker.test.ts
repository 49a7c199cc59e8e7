import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type RequestListener } from 'node:http'
import { connect, createServer as createNetServer, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Broker } from '../../src/agent/broker/broker.ts'
import { Upstream } from '../../src/agent/broker/upstream.ts'
import type { Credential } from '../../src/agent/model-access.ts'
import { until } from '../support.ts'

const KEY: Credential = { header: 'x-api-key', value: 'the real key' }

async function startUpstream(listener: RequestListener): Promise<{ url: URL; seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = []
  const server = createServer((from, to) => {
    seen.push(from)
    listener(from, to)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/base`), seen }
}

async function startBroker(upstream: URL, proxy?: string): Promise<Broker> {
  const broker = await Broker.start(new Upstream(upstream, proxy))
  onTestFinished(() => broker.close())
  return broker
}

const echo: RequestListener = (from, to) => {
  void text(from).then((body) =>
    to.writeHead(200, { 'content-type': 'application/json', 'x-answer': 'yes' }).end(body),
  )
}

const post = (url: string, placeholder: string, init: RequestInit = {}): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    body: '{"a":1}',
    redirect: 'manual',
    ...init,
    headers: { 'x-api-key': placeholder, ...(init.headers as Record<string, string>) },
  })

describe('a granted process', () => {
  test('is answered by the upstream, which sees the real key in place of the placeholder', async () => {
    const { url, seen } = await startUpstream(echo)
    const broker = await startBroker(url)
    const { placeholder } = broker.grant(() => KEY)
    const answer = await post(`${broker.url}/v1/messages?beta=true`, placeholder, {
      headers: { 'anthropic-beta': 'x' },
    })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-answer')).toBe('yes')
    expect(await answer.text()).toBe('{"a":1}')
    expect(seen[0]).toMatchObject({ method: 'POST', url: '/base/v1/messages?beta=true' })
    expect(seen[0]!.headers).toMatchObject({
      'x-api-key': 'the real key',
      'anthropic-beta': 'x',
      host: url.host,
    })
    expect(JSON.stringify(seen[0]!.rawHeaders)).not.toContain(placeholder)
  })

  test('with a bearer credential speaks by Authorization, and nothing else of its own gets through', async () => {
    const { url, seen } = await startUpstream(echo)
    const broker = await startBroker(url)
    const { placeholder } = broker.grant(() => ({ header: 'authorization', value: 'Bearer real' }))
    const answer = await fetch(`${broker.url}/v1/messages`, {
      method: 'POST',
      body: '{}',
      headers: { authorization: `Bearer ${placeholder}`, cookie: 'a=b', 'proxy-authorization': 'Basic x' },
    })
    expect(answer.status).toBe(200)
    expect(seen[0]!.headers.authorization).toBe('Bearer real')
    expect(seen[0]!.headers).not.toHaveProperty('cookie')
    expect(seen[0]!.headers).not.toHaveProperty('proxy-authorization')
    expect(seen[0]!.headers).not.toHaveProperty('x-api-key')
  })

  test('uses a changed key with its next request', async () => {
    const { url, seen } = await startUpstream(echo)
    const broker = await startBroker(url)
    let key = 'one'
    const { placeholder } = broker.grant(() => ({ header: 'x-api-key', value: key }))
    await post(`${broker.url}/v1/messages`, placeholder)
    key = 'two'
    await post(`${broker.url}/v1/messages`, placeholder)
    expect(seen.map(({ headers }) => headers['x-api-key'])).toEqual(['one', 'two'])
  })

  test('is refused after its grant was revoked, or when there is no credential any more', async () => {
    const { url, seen } = await startUpstream(echo)
    const broker = await startBroker(url)
    const revoked = broker.grant(() => KEY)
    revoked.revoke()
    const empty = broker.grant(() => undefined)
    for (const { placeholder } of [revoked, empty]) {
      const answer = await post(`${broker.url}/v1/messages`, placeholder)
      expect(answer.status).toBe(401)
      expect(await answer.json()).toMatchObject({ type: 'error', error: { type: 'authentication_error' } })
    }
    expect(seen).toEqual([])
  })
})

test('a process without a grant is refused, whatever it shows', async () => {
  const { url, seen } = await startUpstream(echo)
  const broker = await startBroker(url)
  broker.grant(() => KEY)
  for (const shown of ['', 'placeholder-', 'the real key']) {
    expect((await post(`${broker.url}/v1/messages`, shown)).status).toBe(401)
  }
  expect(seen).toEqual([])
})

test.each([
  ['GET', '/v1/messages'],
  ['POST', '/v1/files'],
  ['POST', '/v1/messages/batches'],
  ['POST', '/v1/messages/../organizations'],
  ['POST', '//v1/messages'],
  ['POST', '/v1/messages/'],
  ['POST', 'http://elsewhere.example/v1/messages'],
  ['GET', '/v1/models/../../v1/organizations'],
  ['GET', '/v1/models/..'],
  ['GET', '/v1/models/%2e%2e/x'],
  ['DELETE', '/v1/models/a'],
  ['GET', '/'],
])('%s %s is not open to agents', async (method, path) => {
  const { url, seen } = await startUpstream(echo)
  const broker = await startBroker(url)
  const { placeholder } = broker.grant(() => KEY)
  const answer = await new Promise<IncomingMessage>((resolve) => {
    const { port } = new URL(broker.url)
    request({ host: '127.0.0.1', port, method, path, headers: { 'x-api-key': placeholder } }, resolve).end()
  })
  expect(answer.statusCode).toBe(404)
  answer.resume()
  expect(seen).toEqual([])
})

test('models can be listed and looked up', async () => {
  const { url, seen } = await startUpstream(echo)
  const broker = await startBroker(url)
  const { placeholder } = broker.grant(() => KEY)
  for (const path of ['/v1/models', '/v1/models/claude-x', '/v1/models?limit=5']) {
    expect((await fetch(broker.url + path, { headers: { 'x-api-key': placeholder } })).status).toBe(200)
  }
  expect(seen.map((from) => from.url)).toEqual([
    '/base/v1/models',
    '/base/v1/models/claude-x',
    '/base/v1/models?limit=5',
  ])
})

test('an answer streams: its first part arrives while the upstream still holds the second', async () => {
  let finish: (() => void) | undefined
  const { url } = await startUpstream((_, to) => {
    to.writeHead(200, { 'content-type': 'text/event-stream' })
    to.write('data: first\n\n')
    finish = () => to.end('data: second\n\n')
  })
  const broker = await startBroker(url)
  const { placeholder } = broker.grant(() => KEY)
  const answer = await post(`${broker.url}/v1/messages`, placeholder)
  const reader = answer.body!.getReader()
  const first = await reader.read()
  expect(Buffer.from(first.value!).toString()).toBe('data: first\n\n')
  finish?.()
  expect(Buffer.from((await reader.read()).value!).toString()).toBe('data: second\n\n')
})

test('a stream that the upstream cuts is cut for the agent too', async () => {
  const { url } = await startUpstream((_, to) => {
    to.writeHead(200, { 'content-type': 'text/event-stream' })
    to.write('data: first\n\n')
    setTimeout(() => to.destroy(), 20)
  })
  const broker = await startBroker(url)
  const { placeholder } = broker.grant(() => KEY)
  const answer = await post(`${broker.url}/v1/messages`, placeholder)
  await expect(answer.text()).rejects.toThrow()
})

test('an agent that goes away ends the request at the upstream', async () => {
  let ended = false
  const { url } = await startUpstream((from, to) => {
    to.on('close', () => (ended = true))
    to.writeHead(200).write('x')
    from.resume()
  })
  const broker = await startBroker(url)
  const { placeholder } = broker.grant(() => KEY)
  const controller = new AbortController()
  await post(`${broker.url}/v1/messages`, placeholder, { signal: controller.signal })
  controller.abort()
  await until('the upstream hears of it', () => ended)
})

test('a redirect is not followed, and not handed to the agent', async () => {
  const { url, seen } = await startUpstream((_, to) =>
    to.writeHead(307, { location: 'http://elsewhere.example/' }).end(),
  )
  const broker = await startBroker(url)
  const { placeholder } = broker.grant(() => KEY)
  const answer = await post(`${broker.url}/v1/messages`, placeholder)
  expect(answer.status).toBe(502)
  expect(answer.headers.get('location')).toBeNull()
  expect(seen.length).toBe(1)
})

test('an upstream that cannot be reached is named with the cause', async () => {
  const broker = await startBroker(new URL('http://127.0.0.1:1'))
  const { placeholder } = broker.grant(() => KEY)
  const answer = await post(`${broker.url}/v1/messages`, placeholder)
  expect(answer.status).toBe(502)
  expect(await answer.text()).toMatch(/127\.0\.0\.1:1 could not be reached.*ECONNREFUSED/)
})

test('errors of the upstream pass as they are', async () => {
  const { url } = await startUpstream((_, to) =>
    to.writeHead(429, { 'retry-after': '7' }).end('{"type":"error"}'),
  )
  const broker = await startBroker(url)
  const { placeholder } = broker.grant(() => KEY)
  const answer = await post(`${broker.url}/v1/messages`, placeholder)
  expect([answer.status, answer.headers.get('retry-after'), await answer.text()]).toEqual([
    429,
    '7',
    '{"type":"error"}',
  ])
})

test('the broker listens on loopback only', async () => {
  const broker = await startBroker(new URL('http://127.0.0.1:1'))
  expect(new URL(broker.url).hostname).toBe('127.0.0.1')
})

test('a tls upstream is reached through the proxy that is named', async () => {
  const asked: string[] = []
  const proxy = createServer()
  proxy.on('connect', (from, socket) => {
    asked.push(from.url ?? '')
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  onTestFinished(() => void proxy.close())
  const broker = await startBroker(
    new URL('https://model.example'),
    `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
  )
  const { placeholder } = broker.grant(() => KEY)
  expect((await post(`${broker.url}/v1/messages`, placeholder)).status).toBe(502)
  expect(asked).toEqual(['model.example:443'])
})

test.each([
  ['GET /v1/models', 'transfer-encoding: chunked', 'x'],
  ['GET /v1/models', 'content-length', 'x'],
  ['POST /v1/messages', 'transfer-encoding: chunked', 'x'],
])('%s with a body (%s) is one request to the upstream, never two', async (target, framing) => {
  const lines: string[] = []
  const upstream = createNetServer((socket) => {
    socket.on('data', (bytes) => {
      for (const line of bytes.toString().split('\r\n')) if (line.endsWith(' HTTP/1.1')) lines.push(line)
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}')
    })
    socket.on('error', () => {})
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  onTestFinished(() => void upstream.close())
  const broker = await startBroker(new URL(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`))
  const { placeholder } = broker.grant(() => KEY)
  const smuggled = 'POST /v1/files HTTP/1.1\r\nhost: up\r\ncontent-length: 400\r\n\r\n'
  const body =
    framing === 'content-length' ? smuggled : `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`
  const header = framing === 'content-length' ? `content-length: ${smuggled.length}` : framing
  const socket = connect(Number(new URL(broker.url).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.write(`${target} HTTP/1.1\r\nhost: b\r\nx-api-key: ${placeholder}\r\n${header}\r\n\r\n${body}`)
  await once(socket, 'data')
  await post(`${broker.url}/v1/messages`, placeholder)
  const requests = target.startsWith('GET') ? lines : lines.filter((line) => !line.includes('/v1/files'))
  expect(requests).toEqual([`${target} HTTP/1.1`, 'POST /v1/messages HTTP/1.1'])
})

test('garbage on its port hurts nobody', async () => {
  const { url } = await startUpstream(echo)
  const broker = await startBroker(url)
  const { placeholder } = broker.grant(() => KEY)
  const socket = connect(Number(new URL(broker.url).port), '127.0.0.1')
  socket.on('error', () => {})
  socket.resume().end('\0\0\0 garbage\r\n\r\n')
  await once(socket, 'close')
  expect((await post(`${broker.url}/v1/messages`, placeholder)).status).toBe(200)
})
