import { ask, upgrade } from '../support/http.ts'
import { describe, expect, test } from '../support/test.ts'
import { runProgram } from '../support/server.ts'

const token = 'e2e-token-7f3a'
const right = { authorization: `Bearer ${token}` }
const wrong: Record<string, string>[] = [
  {},
  { authorization: 'Bearer wrong' },
  { authorization: `Bearer ${token}x` },
  { authorization: `Bearer ${token.slice(0, -1)}` },
  { authorization: 'Bearer ' },
  { authorization: token },
  { authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}` },
]

describe('with a token', () => {
  test('a request without it, or with another, is refused before anything else is said', async ({
    world,
  }) => {
    const { url } = await world.server({ token })
    for (const headers of wrong) {
      for (const [method, path] of [
        ['GET', '/config'],
        ['POST', '/config'],
        ['GET', '/files?path=.'],
        ['GET', '/files/content?path=x'],
        ['PUT', '/files/content?path=x'],
        ['DELETE', '/files?path=x'],
        ['GET', '/ws'],
        ['GET', '/nope'],
      ] as const) {
        const answer = await ask(url + path, {
          method,
          headers,
          ...(method === 'POST' ? { body: { model: 'm' } } : {}),
        })
        expect(answer, `${JSON.stringify(headers)} ${method} ${path}`).toMatchObject({
          status: 401,
          json: { code: 'unauthorized' },
        })
        expect(answer.headers['www-authenticate']).toBe('Bearer')
      }
    }
    expect((await ask(`${url}/config`, { headers: right })).json).toEqual({ config: {} })
    expect((await ask(`${url}/config?token=${token}`)).status).toBe(401)
  })

  test('an upgrade with a wrong one in its header is refused with 401, and with the right one it is greeted', async ({
    world,
  }) => {
    const server = await world.server({ token })
    for (const headers of wrong.slice(1)) {
      expect(await upgrade(server.wsUrl, headers)).toMatchObject({
        status: 401,
        json: { code: 'unauthorized' },
      })
    }
    const client = await world.connect(server)
    expect(client.frames).toEqual([{ type: 'connected' }])
  })

  test('the page and /health are open, and tell nothing', async ({ world }) => {
    const { url } = await world.server({ token })
    const page = await ask(`${url}/`)
    expect(page.status).toBe(200)
    expect(page.headers['content-type']).toContain('text/html')
    expect(page.headers['content-security-policy']).toContain("default-src 'none'")
    expect(page.text).not.toContain(token)
    const health = await ask(`${url}/health`)
    expect(health.json).toEqual({
      status: 'ok',
      version: expect.any(String),
      protocol: expect.any(Number),
      sealed: false,
    })
  })

  test('a page of any origin and any host may speak, for it must show the token', async ({ world }) => {
    const { url, wsUrl } = await world.server({ token })
    const headers = { host: 'sandbox-3000.example.dev', origin: 'https://app.example.com' }
    const preflight = await ask(`${url}/config`, {
      method: 'OPTIONS',
      headers: {
        ...headers,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization, content-type',
      },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers['access-control-allow-origin']).toBe(headers.origin)
    expect(preflight.headers['access-control-allow-headers']).toContain('authorization')
    expect(preflight.headers['access-control-allow-credentials']).toBeUndefined()
    const answer = await ask(`${url}/config`, { headers: { ...headers, ...right } })
    expect(answer.status).toBe(200)
    expect(answer.headers['access-control-allow-origin']).toBe(headers.origin)
    expect((await upgrade(wsUrl, { ...headers, ...right })).status).toBe(101)
    const stranger = await ask(`${url}/config`, { headers })
    expect(stranger.status).toBe(401)
    expect(stranger.headers['access-control-allow-origin'], 'so that the page can read why').toBe(
      headers.origin,
    )
  })

  test('and a list of origins or hosts, only those may speak, even with the token', async ({ world }) => {
    const env = {
      CLAUDE_AGENT_ALLOWED_ORIGINS: 'https://app.example.com',
      CLAUDE_AGENT_ALLOWED_HOSTS: 'agent.internal',
    }
    const { url, wsUrl } = await world.server({ token, env })
    const listed = { ...right, host: 'agent.internal', origin: 'https://app.example.com' }
    expect((await ask(`${url}/config`, { headers: listed })).status).toBe(200)
    expect((await upgrade(wsUrl, listed)).status).toBe(101)
    for (const other of [{ origin: 'https://evil.example' }, { host: 'evil.example' }]) {
      expect((await ask(`${url}/config`, { headers: { ...listed, ...other } })).status).toBe(403)
      expect((await upgrade(wsUrl, { ...listed, ...other })).status).toBe(403)
    }
  })

  test('is kept out of the agent’s environment', async ({ world }) => {
    const { url } = await world.claude()
    const server = await world.server({ token, upstream: url, env: { CLAUDE_AGENT_SPARES: '1' } })
    expect((await server.agent()).environment).not.toContain(token)
    expect(server.logs()).not.toContain(token)
  })
})

describe('an address beyond loopback', () => {
  test.for(['0.0.0.0', '::', '192.168.1.5'])('%s is refused at the start without a token', async (host) => {
    const end = await runProgram({ args: ['--host', host] })
    expect(end).toMatchObject({ code: 1, stdout: '' })
    expect(end.stderr).toContain('CLAUDE_AGENT_TOKEN')
  })

  test('0.0.0.0 is served with a token', async ({ world }) => {
    const server = await world.server({ token, args: ['--host', '0.0.0.0'] })
    expect((await ask(`http://127.0.0.1:${server.port}/config`, { headers: right })).status).toBe(200)
    expect((await ask(`http://127.0.0.1:${server.port}/config`)).status).toBe(401)
  })
})
