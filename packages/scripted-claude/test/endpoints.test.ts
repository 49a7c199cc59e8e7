import { expect, test } from 'vitest'
import { bodyOf } from './support/conversation.ts'
import { start, startSteps } from './support/scripted.ts'
import { post } from './support/wire.ts'

test('GET /v1/models lists models on one page', async () => {
  const claude = await start({ models: ['claude-a', 'claude-b'] })
  const answer = await (await fetch(`${claude.url}/v1/models?limit=1000`)).json()
  expect(answer).toEqual({
    data: [
      {
        type: 'model',
        id: 'claude-a',
        display_name: 'Scripted claude-a',
        created_at: '2026-01-01T00:00:00Z',
      },
      {
        type: 'model',
        id: 'claude-b',
        display_name: 'Scripted claude-b',
        created_at: '2026-01-01T00:00:00Z',
      },
    ],
    has_more: false,
    first_id: 'claude-a',
    last_id: 'claude-b',
  })
})

test('models are listed by default, and an empty list is a list', async () => {
  const claude = await start()
  const listed = (await (await fetch(`${claude.url}/v1/models`)).json()) as { data: { id: string }[] }
  expect(listed.data.map(({ id }) => id)).toContain('claude-opus-5-5')
  const bare = await start({ models: [] })
  expect(await (await fetch(`${bare.url}/v1/models`)).json()).toEqual({
    data: [],
    has_more: false,
    first_id: null,
    last_id: null,
  })
})

test('GET /v1/models/:id gives one model', async () => {
  const claude = await start({ models: ['claude-a', 'vendor/claude b'] })
  expect(await (await fetch(`${claude.url}/v1/models/claude-a`)).json()).toMatchObject({
    type: 'model',
    id: 'claude-a',
  })
  const odd = await fetch(`${claude.url}/v1/models/${encodeURIComponent('vendor/claude b')}`)
  expect(await odd.json()).toMatchObject({ id: 'vendor/claude b' })
})

test.each(['claude-z', '%'])('a model that is not listed (%s) is a 404', async (id) => {
  const claude = await start()
  const response = await fetch(`${claude.url}/v1/models/${id}`)
  expect(response.status).toBe(404)
  expect(await response.json()).toMatchObject({ error: { type: 'not_found_error', message: `model: ${id}` } })
})

test('a message is answered for a model that is not listed', async () => {
  const claude = await startSteps([{ text: 'fine' }], { models: [] })
  expect((await post(claude, bodyOf('go', { model: 'claude-of-tomorrow' }))).status).toBe(200)
})

test('count_tokens counts the same body alike, a longer one higher, and needs no max_tokens', async () => {
  const claude = await start()
  const count = async (words: string) => {
    const response = await fetch(`${claude.url}/v1/messages/count_tokens`, {
      method: 'POST',
      body: JSON.stringify({ model: 'claude-test-1', messages: [{ role: 'user', content: words }] }),
    })
    expect(response.status).toBe(200)
    return ((await response.json()) as { input_tokens: number }).input_tokens
  }
  expect(await count('hello')).toBe(await count('hello'))
  expect(await count('hello'.repeat(100))).toBe((await count('hello')) + (99 * 5 + 1) / 4)
})

test('count_tokens refuses what is no conversation', async () => {
  const claude = await start()
  const response = await fetch(`${claude.url}/v1/messages/count_tokens`, {
    method: 'POST',
    body: '{"model":"a"}',
  })
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ error: { message: 'messages: Field required' } })
})

test('the query of a path is no part of it', async () => {
  const claude = await startSteps([{ text: 'fine' }])
  const response = await fetch(`${claude.url}/v1/messages?beta=true`, {
    method: 'POST',
    body: JSON.stringify(bodyOf('go')),
  })
  expect(response.status).toBe(200)
  expect(claude.requests[0]).toMatchObject({ path: '/v1/messages', query: '?beta=true' })
})

test.each(['/v1/complete', '/v1', '/v1/messages/', '/v2/messages', '/v1/models/a/b', '//'])(
  'an unknown path (%s) is a 404 in the shape of the API',
  async (path) => {
    const claude = await start()
    const response = await fetch(`${claude.url}${path}`)
    expect(response.status).toBe(404)
    expect(await response.json()).toEqual({
      type: 'error',
      error: { type: 'not_found_error', message: `Not found: GET ${path}` },
      request_id: expect.stringMatching(/^req_01/),
    })
  },
)

test.each([
  ['GET', '/v1/messages'],
  ['PUT', '/v1/messages'],
  ['GET', '/v1/messages/count_tokens'],
  ['POST', '/v1/models'],
  ['DELETE', '/v1/models/claude-opus-5-5'],
])('%s %s is a 405', async (method, path) => {
  const claude = await start()
  const response = await fetch(`${claude.url}${path}`, { method })
  expect(response.status).toBe(405)
  expect(await response.json()).toMatchObject({ error: { message: 'Method Not Allowed' } })
})

test.each(['/', '/api/hello'])(
  'HEAD and GET %s say that the server is there, and what it is',
  async (path) => {
    const claude = await start({ apiKey: 'needed elsewhere' })
    const head = await fetch(`${claude.url}${path}`, { method: 'HEAD' })
    expect(head.status).toBe(200)
    expect(await head.text()).toBe('')
    expect(await (await fetch(`${claude.url}${path}`)).json()).toEqual({
      message: 'This is scripted-claude, not Claude.',
    })
  },
)

test('one connection serves many requests, also after a pause', async () => {
  const claude = await startSteps([{ text: 'fine' }])
  for (let round = 0; round < 20; round += 1) expect((await post(claude, 'go')).status).toBe(200)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect((await post(claude, 'go')).status).toBe(200)
})
