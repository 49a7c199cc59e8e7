import { ask, speak, upgrade } from '../support/http.ts'
import { describe, expect, test } from '../support/test.ts'
import { turnsOf, userMessage } from '../support/messages.ts'

const config = { method: 'POST', body: { systemPrompt: 'evil' } }

describe('without a token', () => {
  test('a page of another origin is refused on HTTP and on WebSocket, and nothing of what it asked is done', async ({
    world,
  }) => {
    const { url, wsUrl, port } = await world.server()
    for (const origin of [
      'https://evil.example',
      'null',
      'http://localhost:1',
      `http://127.0.0.1.evil.example:${port}`,
      `http://evil.example:${port}`,
    ]) {
      const headers = { origin }
      for (const path of ['/config', '/files?path=.', '/health', '/']) {
        const read = await ask(url + path, { headers })
        expect(read, `${origin} ${path}`).toMatchObject({ status: 403, json: { code: 'origin_refused' } })
        expect(read.headers['access-control-allow-origin']).toBeUndefined()
      }
      expect((await ask(`${url}/config`, { ...config, headers })).status).toBe(403)
      // What a form can post needs no preflight.
      const form = { ...headers, 'content-type': 'text/plain' }
      expect((await ask(`${url}/config`, { ...config, headers: form })).status).toBe(403)
      expect((await ask(`${url}/files/content?path=x`, { method: 'PUT', body: 'x', headers })).status).toBe(
        403,
      )
      const preflight = await ask(`${url}/config`, {
        method: 'OPTIONS',
        headers: { ...headers, 'access-control-request-method': 'POST' },
      })
      expect(preflight.status).toBe(403)
      expect(preflight.headers['access-control-allow-origin']).toBeUndefined()
      for (const path of ['/ws', '/files/watch?path=.']) {
        const refused = await upgrade(wsUrl.replace('/ws', path), headers)
        expect(refused, `${origin} ${path}`).toMatchObject({ status: 403, json: { code: 'origin_refused' } })
      }
    }
    expect((await ask(`${url}/config`)).json).toEqual({ config: {} })
  })

  test('a name of another host in `Host` (DNS rebinding) is refused on HTTP and on WebSocket', async ({
    world,
  }) => {
    const { url, wsUrl, port } = await world.server()
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1.evil.example', '192.168.1.5']) {
      const headers = { host }
      for (const path of ['/config', '/health', '/']) {
        const refused = await ask(url + path, { headers })
        expect(refused.status, `${host} ${path}`).toBeGreaterThanOrEqual(400)
        expect(refused.text).not.toContain('"config"')
      }
      const rebound = { host, origin: `http://${host}` }
      expect((await ask(`${url}/config`, { ...config, headers: rebound })).status).toBeGreaterThanOrEqual(400)
      expect((await upgrade(wsUrl, rebound)).status).toBeGreaterThanOrEqual(400)
    }
    expect((await ask(`${url}/config`, { headers: { host: 'evil.example' } })).json.code).toBe('host_refused')
    expect((await upgrade(wsUrl, { host: 'evil.example' })).json.code).toBe('host_refused')
    expect((await ask(`${url}/config`)).json).toEqual({ config: {} })
  })

  test('a request with no `Host`, an empty one or two is refused', async ({ world }) => {
    const { port } = await world.server()
    const upgrade =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
    for (const request of [
      'GET /config HTTP/1.0\r\n',
      'GET /config HTTP/1.1\r\nHost:\r\n',
      'GET /config HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\n',
      'GET http://localhost/config HTTP/1.1\r\nHost: evil.example\r\n',
      `GET /ws HTTP/1.1\r\nHost:\r\n${upgrade}`,
      `GET /ws HTTP/1.1\r\n${upgrade}`,
    ]) {
      const answer = await speak(port, `${request}Connection: close\r\n\r\n`)
      expect(answer, request).toMatch(/^HTTP\/1\.1 4\d\d /)
      expect(answer, request).not.toContain('"config"')
    }
  })

  test("the server's own page and programs without an origin may speak, under each loopback name", async ({
    world,
  }) => {
    const { url, wsUrl, port } = await world.server()
    for (const name of ['127.0.0.1', 'localhost', '[::1]']) {
      const host = `${name}:${port}`
      const own = { host, origin: `http://${host}` }
      const answer = await ask(`${url}/config`, { headers: own })
      expect(answer.status, name).toBe(200)
      expect(answer.headers['access-control-allow-origin']).toBe(own.origin)
      expect((await upgrade(wsUrl, own)).status, name).toBe(101)
      expect((await ask(`${url}/config`, { headers: { host } })).status, name).toBe(200)
    }
  })

  test('a page of a listed origin may speak, with preflight, and no other', async ({ world }) => {
    const origin = 'https://app.example.com'
    const { url, wsUrl } = await world.server({ env: { CLAUDE_AGENT_ALLOWED_ORIGINS: origin } })
    const preflight = await ask(`${url}/config`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers['access-control-allow-origin']).toBe(origin)
    expect(preflight.headers['access-control-allow-methods']).toContain('POST')
    expect(preflight.headers['access-control-allow-headers']).toMatch(/content-type/i)
    expect((await ask(`${url}/config`, { headers: { origin } })).status).toBe(200)
    expect((await upgrade(wsUrl, { origin })).status).toBe(101)
    expect((await ask(`${url}/config`, { headers: { origin: 'https://app.example.com.evil' } })).status).toBe(
      403,
    )
    expect((await upgrade(wsUrl, { origin: 'http://app.example.com' })).status).toBe(403)
  })

  test('a listed host is served, and no other', async ({ world }) => {
    const { url, wsUrl } = await world.server({ env: { CLAUDE_AGENT_ALLOWED_HOSTS: 'agent.internal' } })
    expect((await ask(`${url}/config`, { headers: { host: 'agent.internal' } })).status).toBe(200)
    expect((await ask(`${url}/config`, { headers: { host: 'Agent.Internal:80' } })).status).toBe(200)
    expect((await upgrade(wsUrl, { host: 'agent.internal' })).status).toBe(101)
    expect((await ask(`${url}/config`, { headers: { host: 'other.internal' } })).status).toBe(403)
  })

  test('a refused upgrade takes no slot from the client', async ({ world }) => {
    const { client, server, claude } = await world.talk()
    const evil = world.client(server.wsUrl, { origin: 'https://evil.example' })
    expect((await evil.closed).code).toBe(1006)
    client.send(userMessage('mine'))
    await client.result()
    expect(turnsOf(claude)).toHaveLength(1)
    await client.close()
    await world.client(server.wsUrl, { origin: 'https://evil.example' }).closed
    await world.connect(server)
  })
})
