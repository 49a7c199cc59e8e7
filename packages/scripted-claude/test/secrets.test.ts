import { expect, test } from 'vitest'
import { Secrets } from '../src/record/secrets.ts'

/** Keys in their forms, put together here so that no scanner takes them for real ones. */
const keys = [
  ['sk', 'ant', 'api03', 'AbCdEfGhIjKl_mn'].join('-'),
  ['sk', 'proj', 'abcdefghijklmnopqrstuv'].join('-'),
  ['Bearer', 'abcdefgh.ijklmnop-qrstuv'].join(' '),
  ['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiIxMjM0In0', 'c2lnbmF0dXJl'].join('.'),
  ['AKIA', 'ABCDEFGHIJKLMNOP'].join(''),
  ['ghp', 'abcdefghijklmnopqrstuvwxyz0123456789'].join('_'),
  ['xoxb', '1234567890', 'abcdef'].join('-'),
  `AIza${'x'.repeat(35)}`,
  ['-----BEGIN', 'PRIVATE KEY-----\nabc\n-----END', 'PRIVATE KEY-----'].join(' '),
  ['req', '011CabcdefghijkLMN'].join('_'),
  ['org', 'abcdefghijklmnopqr'].join('-'),
  `user_${'0a'.repeat(32)}_account__session_x`,
]

test.each(keys)('%s is found by its form', (key) => {
  const secrets = new Secrets()
  expect(secrets.clean(`before ${key} after`)).toBe('before [removed] after')
  expect(() => secrets.refuse(`x ${key}`, 'Exchange 3')).toThrow(
    expect.objectContaining({
      code: 'secret_in_cassette',
      message: expect.not.stringContaining(key) as string,
    }),
  )
})

test('what stood in a header is found wherever it is, with and without its scheme', () => {
  const secrets = new Secrets()
  secrets.learnHeaders({
    authorization: 'Token opaque-credential',
    'x-api-key': 'plain-old-key',
    cookie: 'a=cookie-value-1; b=cookie-value-2',
    'set-cookie': ['c=cookie-value-3; HttpOnly'],
    'anthropic-organization-id': 'organization-1234',
    'cf-ray': '8f00ba-FRA',
  })
  const text =
    'opaque-credential plain-old-key cookie-value-1 cookie-value-2 cookie-value-3 organization-1234 8f00ba-FRA'
  expect(secrets.clean(text)).toBe(Array.from({ length: 7 }, () => '[removed]').join(' '))
})

test('the attributes of a cookie are no secrets', () => {
  const secrets = new Secrets()
  secrets.learnHeaders({ 'set-cookie': ['c=cookie-value-3; HttpOnly; Domain=.example.com; Path=/somewhere'] })
  expect(secrets.clean('HttpOnly a.example.com /somewhere')).toBe('HttpOnly a.example.com /somewhere')
})

test('user and password of a basic authorization are found', () => {
  const secrets = new Secrets()
  secrets.learnHeaders({ authorization: `Basic ${Buffer.from('somebody:pass-phrase').toString('base64')}` })
  expect(secrets.clean('somebody has pass-phrase')).toBe('[removed] has [removed]')
})

test.each([
  ['{"device_id":"device-12345","account_uuid":"account-12345"}', 'device-12345 account-12345'],
  ['user_abcdefgh_account_ijklmnop_session_qrstuvwx', 'abcdefgh ijklmnop'],
  ['a-plain-user-id', 'a-plain-user-id a-plain-user-id'],
])('the parts of the user id %s are found', (userId, text) => {
  const secrets = new Secrets()
  secrets.learnUser({ metadata: { user_id: userId } })
  expect(secrets.clean(text).replaceAll('[removed]', '').trim()).toBe('')
})

test('a placeholder such as "any" is no secret', () => {
  const secrets = new Secrets()
  secrets.learnHeaders({ 'x-api-key': 'any' })
  expect(secrets.clean('any way')).toBe('any way')
})

test('patterns of the user count too, whatever their flags', () => {
  const secrets = new Secrets([/customer-\d+/y, /PIN/gi, /x*/])
  expect(secrets.clean('the pin of customer-17')).toBe('the [removed] of [removed]')
})

test.each(['base64', 'base64url', 'hex'] as const)('a known key is refused in %s as well', (encoding) => {
  const secrets = new Secrets()
  secrets.learnHeaders({ 'x-api-key': 'plain-old-key?>' })
  const encoded = Buffer.from('plain-old-key?>').toString(encoding)
  expect(() => secrets.refuse(encoded, 'Exchange 1')).toThrow('Exchange 1 still holds a credential;')
})

test('what is known is bounded, the oldest is forgotten', () => {
  const secrets = new Secrets()
  for (let index = 0; index < 1500; index += 1) secrets.learnHeaders({ 'x-api-key': `plain-key-${index}-` })
  expect(secrets.clean('plain-key-1-')).toBe('plain-key-1-')
  expect(secrets.clean('plain-key-1499-')).toBe('[removed]')
})
