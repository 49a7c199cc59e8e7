import { expect, test } from 'vitest'
import { readHealth, waitUntilReady } from '../src/ready.ts'
import { failure } from './failure.ts'
import { serve } from './http-server.ts'

const HEALTH = { status: 'ok', version: '1', protocol: 1, sealed: false }
const NOWHERE = { url: 'http://127.0.0.1:1', headers: {} }

test('a server is ready when it says that it is not sealed, and every try carries the headers', async () => {
  const answers = [{ ...HEALTH, sealed: true }, { ...HEALTH, sealed: true }, HEALTH]
  const seen: unknown[] = []
  const endpoint = await serve((request, response) => {
    seen.push([request.url, request.headers['x-route']])
    response.end(JSON.stringify(answers.shift()))
  })
  expect(await waitUntilReady(endpoint)).toEqual({ status: 'ok', sealed: false })
  expect(seen).toEqual(Array.from({ length: 3 }, () => ['/health', 'here']))
})

test('a sealed one is enough for who asks for no more', async () => {
  const endpoint = await serve((_, response) => response.end(JSON.stringify({ ...HEALTH, sealed: true })))
  expect(await waitUntilReady(endpoint, { until: 'sealed' })).toMatchObject({ sealed: true })
})

test('a try that hangs is given up, and the next one is made', async () => {
  let count = 0
  const endpoint = await serve((_, response) => {
    count += 1
    if (count === 2) response.write('{"status":')
    if (count > 2) response.end(JSON.stringify(HEALTH))
  })
  expect(await waitUntilReady(endpoint, { tryTimeoutMs: 100 })).toMatchObject({ sealed: false })
  expect(count).toBe(3)
})

test('what is refused, broken off, or no answer of a server is no reason to give up', async () => {
  let count = 0
  const endpoint = await serve((request, response) => {
    count += 1
    if (count === 1) return request.socket.destroy()
    if (count === 2) return response.writeHead(502).end('{"status":"ok"}')
    if (count === 3) return response.end('<html>')
    return response.end(JSON.stringify(HEALTH))
  })
  expect(await waitUntilReady(endpoint)).toMatchObject({ sealed: false })
  expect(count).toBe(4)
})

test('a place that changes is asked for at each try', async () => {
  const endpoint = await serve((_, response) => response.end(JSON.stringify(HEALTH)))
  const places = [NOWHERE, NOWHERE, endpoint]
  expect(await waitUntilReady(() => places.shift()!)).toMatchObject({ sealed: false })
})

test('a server that does not come is start_timeout, and one that stays sealed too', async () => {
  expect((await failure(waitUntilReady(NOWHERE, { timeoutMs: 100 }))).code).toBe('start_timeout')
  const endpoint = await serve((_, response) => response.end(JSON.stringify({ ...HEALTH, sealed: true })))
  const error = await failure(waitUntilReady(endpoint, { timeoutMs: 2_000 }))
  expect(error.code).toBe('start_timeout')
  expect(error.message).toContain('sealed')
})

test('a server that refuses what it was given is start_failed, with its reason', async () => {
  const health = { ...HEALTH, sealed: true, error: "CLAUDE_AGENT_BROKER='none' is wrong." }
  const endpoint = await serve((_, response) => response.end(JSON.stringify(health)))
  const error = await failure(waitUntilReady(endpoint))
  expect(error.code).toBe('start_failed')
  expect(error.message).toContain('CLAUDE_AGENT_BROKER')
})

test('the wait ends at once when the caller aborts it, also in the middle of a try', async () => {
  const abort = new AbortController()
  const endpoint = await serve(() => abort.abort(new Error('enough')))
  const options = { signal: abort.signal, timeoutMs: 600_000, tryTimeoutMs: 600_000 }
  const error = await failure(waitUntilReady(endpoint, options))
  expect(error).toMatchObject({ code: 'aborted', cause: new Error('enough') })
})

test('who knows that there is no hope left ends the wait', async () => {
  const check = (): void => {
    throw new Error('it is dead')
  }
  await expect(waitUntilReady(NOWHERE, { check })).rejects.toThrow('it is dead')
})

test('the health of nobody is undefined', async () => {
  expect(await readHealth(NOWHERE)).toBeUndefined()
})
