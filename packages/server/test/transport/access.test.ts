import { describe, expect, test } from 'vitest'
import { Access, type Caller } from '../../src/transport/access.ts'

const caller = (host: string | undefined, origin?: string): Caller => ({
  host,
  origin,
  authorization: undefined,
})
const check = (access: Access, host: string | undefined, origin?: string) => () =>
  access.checkSource(caller(host, origin))

describe('without a token', () => {
  const access = new Access({
    allowedOrigins: ['https://app.example'],
    allowedHosts: ['agent.internal:8080', 'box'],
  })

  test.each([
    'localhost:3000',
    'localhost',
    '127.0.0.1:3000',
    '[::1]:3000',
    'LOCALHOST:1',
    'agent.internal:8080',
    'box:99',
  ])('the host %s is served', (host) => {
    expect(check(access, host)).not.toThrow()
  })

  test.each([
    undefined,
    '',
    'evil.example:3000',
    'localhost.evil.example',
    '127.0.0.1.evil.example:3000',
    'agent.internal:9',
    '10.0.0.1:3000',
  ])('the host %s is refused: a name that leads here is no right to speak', (host) => {
    expect(check(access, host)).toThrow(expect.objectContaining({ code: 'host_refused' }) as Error)
  })

  test.each([undefined, 'http://localhost:3000', 'https://localhost:3000', 'https://app.example'])(
    'the origin %s may speak',
    (origin) => {
      expect(check(access, 'localhost:3000', origin)).not.toThrow()
    },
  )

  test.each([
    'http://evil.example',
    'http://localhost:3001',
    'null',
    '',
    'https://app.example.evil',
    'http://127.0.0.1:3000',
  ])('the origin %s is refused', (origin) => {
    expect(check(access, 'localhost:3000', origin)).toThrow(
      expect.objectContaining({ code: 'origin_refused' }) as Error,
    )
  })

  test.each(['cross-site', 'same-site'])(
    'a page that embeds an address is refused, by what its browser says: %s',
    (fetchSite) => {
      expect(() => access.checkSource({ ...caller('localhost:3000'), fetchSite })).toThrow(
        expect.objectContaining({ code: 'origin_refused' }) as Error,
      )
    },
  )

  test.each([undefined, 'none', 'same-origin'])(
    'a request of the page itself, or of no page, may come: %s',
    (fetchSite) => {
      expect(() => access.checkSource({ ...caller('localhost:3000'), fetchSite })).not.toThrow()
    },
  )

  test('a listed origin may come from another site', () => {
    expect(() =>
      access.checkSource({ ...caller('box:1', 'https://app.example'), fetchSite: 'cross-site' }),
    ).not.toThrow()
  })

  test('no authorization is asked for', () => {
    expect(access.needsToken).toBe(false)
    expect(() => access.checkAuthorization(undefined)).not.toThrow()
  })
})

describe('with a token', () => {
  const access = new Access({ token: 'right', allowedOrigins: [], allowedHosts: [] })

  test('any host and origin may speak: there is no ambient right to abuse', () => {
    expect(check(access, 'anything.example', 'http://evil.example')).not.toThrow()
    expect(check(access, undefined, 'null')).not.toThrow()
  })

  test.each(['Bearer right', 'bearer right', 'Bearer   right '])('%s is accepted', (authorization) => {
    expect(() => access.checkAuthorization(authorization)).not.toThrow()
  })

  test.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Bearer wrong',
    'Bearer right right',
    'Basic right',
    'right',
    'Bearer Right',
    'Bearer right\u0000',
  ])('%s is refused', (authorization) => {
    expect(() => access.checkAuthorization(authorization)).toThrow(
      expect.objectContaining({ code: 'unauthorized' }) as Error,
    )
  })

  test('a token of any length is compared whole', () => {
    expect(access.acceptsToken('right')).toBe(true)
    for (const token of ['', 'r', 'righ', 'rightt', 'x'.repeat(100_000)])
      expect(access.acceptsToken(token)).toBe(false)
  })
})

describe('with a token and lists', () => {
  const access = new Access({
    token: 't',
    allowedOrigins: ['https://app.example'],
    allowedHosts: ['agent.example'],
  })

  test('only what is listed may speak, and the page of the server itself', () => {
    expect(check(access, 'agent.example', 'https://app.example')).not.toThrow()
    expect(check(access, 'agent.example', 'https://agent.example')).not.toThrow()
    expect(check(access, 'agent.example', 'https://other.example')).toThrow('other.example')
    expect(check(access, 'other.example')).toThrow('other.example')
  })

  test('loopback must be listed too', () => {
    expect(check(access, 'localhost:3000')).toThrow('localhost:3000')
  })
})
