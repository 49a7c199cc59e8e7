import { expect, test } from 'vitest'
import { parseEndpoint } from '../src/endpoint.ts'

const codeOf = (url: string, token?: string): unknown => {
  try {
    return parseEndpoint(url, token).address
  } catch (error) {
    return error
  }
}

test.each([
  ['http://localhost:3000', 'http://localhost:3000/config', 'ws://localhost:3000/ws'],
  ['http://localhost:3000/', 'http://localhost:3000/config', 'ws://localhost:3000/ws'],
  ['ws://localhost:3000', 'http://localhost:3000/config', 'ws://localhost:3000/ws'],
  ['https://a.example', 'https://a.example/config', 'wss://a.example/ws'],
  ['wss://a.example/x/y//', 'https://a.example/x/y/config', 'wss://a.example/x/y/ws'],
  ['HTTP://[::1]:3000/#top', 'http://[::1]:3000/config', 'ws://[::1]:3000/ws'],
  ['https://a.example/p?k=v', 'https://a.example/p/config?k=v', 'wss://a.example/p/ws?k=v'],
])('%s reaches %s and %s', (url, http, socket) => {
  const endpoint = parseEndpoint(url, undefined)
  expect(endpoint.http('/config').href).toBe(http)
  expect(endpoint.socket('/ws').href).toBe(socket)
})

test('parameters are encoded, and those that are undefined left out', () => {
  const url = parseEndpoint('http://h/?k=v', undefined).http('/files', {
    path: 'a b&c=d/é.txt',
    depth: undefined,
  })
  expect(url.search).toBe('?k=v&path=a+b%26c%3Dd%2F%C3%A9.txt')
  expect(url.searchParams.get('path')).toBe('a b&c=d/é.txt')
})

test.each(['', 'localhost:3000', 'ftp://h', '/relative', 'http://', 'file:///etc/passwd'])(
  'the address ‘%s’ is refused with a hint',
  (url) => {
    expect(codeOf(url)).toMatchObject({ code: 'invalid_setting', hint: expect.stringContaining('http://') })
  },
)

test('an address with a password in it is refused, and the password is not repeated', () => {
  for (const url of ['http://me:s3cret@h', 'ftp://me:s3cret@h', 'me:s3cret@h', 'x?token=s3cret']) {
    const error = codeOf(url)
    expect(error).toMatchObject({ code: 'invalid_setting' })
    expect(String(error)).not.toContain('s3cret')
  }
})

test('the address in messages holds neither query nor hash', () => {
  expect(parseEndpoint('https://h/p/?secret=1#2', undefined).address).toBe('https://h/p')
})

test('a token that no header can carry is refused without being repeated; an empty one is none', () => {
  for (const token of ['two words', 'line\nbreak', 'ключ']) {
    const error = codeOf('http://h', token)
    expect(error).toMatchObject({ code: 'invalid_setting' })
    expect(String(error)).not.toContain(token)
  }
  expect(parseEndpoint('http://h', '').token).toBeUndefined()
  expect(parseEndpoint('http://h', 'abc').token).toBe('abc')
})
