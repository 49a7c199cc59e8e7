import { expect, test, vi } from 'vitest'
import type { ApiErrorType } from '../src/index.ts'
import { bodyOf } from './support/conversation.ts'
import { start, startRules, startSteps } from './support/scripted.ts'
import { ask, namesOf, openStream, parseEvents, post, postStream, WireReader } from './support/wire.ts'

const errors: [number, ApiErrorType][] = [
  [400, 'invalid_request_error'],
  [401, 'authentication_error'],
  [402, 'billing_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [413, 'request_too_large'],
  [429, 'rate_limit_error'],
  [500, 'api_error'],
  [503, 'api_error'],
  [504, 'timeout_error'],
  [529, 'overloaded_error'],
]

test.each(errors)('an error step with status %i is a %s in the shape of the API', async (status, type) => {
  const claude = await startSteps([{ error: { status } }])
  for (const stream of [true, false]) {
    const response = await post(claude, bodyOf('go', { stream }))
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toEqual({
      type: 'error',
      error: { type, message: expect.stringMatching(/\w/) },
      request_id: response.headers.get('request-id'),
    })
  }
})

test('type, message, retry-after and other headers can be set', async () => {
  const claude = await startSteps([
    {
      error: {
        status: 429,
        type: 'overloaded_error',
        message: 'Later, please',
        retryAfterSeconds: 7,
        headers: { 'x-should-retry': 'true' },
      },
    },
  ])
  const response = await postStream(claude)
  expect(response.headers.get('retry-after')).toBe('7')
  expect(response.headers.get('x-should-retry')).toBe('true')
  expect(await response.json()).toMatchObject({
    error: { type: 'overloaded_error', message: 'Later, please' },
  })
})

test('without retryAfterSeconds there is no retry-after', async () => {
  const claude = await startSteps([{ error: { status: 429 } }])
  expect((await postStream(claude)).headers.get('retry-after')).toBeNull()
})

test('after content an error is an event, and nothing follows it', async () => {
  const claude = await startSteps([{ text: 'so far' }, { error: { status: 529 } }, { text: 'never' }])
  const response = await postStream(claude)
  expect(response.status).toBe(200)
  const events = parseEvents(await response.text())
  expect(namesOf(events)).toEqual([
    'message_start',
    'content_block_start',
    'ping',
    'content_block_delta',
    'error',
  ])
  expect(events.at(-1)?.data).toEqual({
    type: 'error',
    error: { type: 'overloaded_error', message: 'Overloaded' },
    request_id: response.headers.get('request-id'),
  })
})

test('a delay before an error still leaves it an HTTP status', async () => {
  const claude = await startSteps([{ delayMs: 20 }, { error: { status: 500 } }])
  expect((await postStream(claude)).status).toBe(500)
})

test('a cut breaks the stream after all that was said, with the block left open', async () => {
  const claude = await startSteps([{ text: 'half a sen' }, { cut: true }, { text: 'tence' }])
  const stream = await openStream(claude)
  await expect(stream.end()).rejects.toThrow('terminated')
  const wire = stream.text
  expect(namesOf(parseEvents(wire))).toEqual([
    'message_start',
    'content_block_start',
    'ping',
    'content_block_delta',
  ])
  await vi.waitFor(() => expect(claude.requests[0]?.outcome).toBe('cut'))
})

test('a cut after much text loses none of it', async () => {
  const claude = await startSteps([{ text: 'word ', repeat: 20_000 }, { cut: true }])
  const stream = await openStream(claude)
  await expect(stream.end()).rejects.toThrow('terminated')
  expect(stream.text.match(/"text_delta"/g)).toHaveLength(20_000)
})

test('a cut can leave half an event on the wire', async () => {
  const claude = await startSteps([{ text: 'whole' }, { cut: 'mid-event' }])
  const stream = await openStream(claude)
  await expect(stream.end()).rejects.toThrow('terminated')
  expect(stream.text).toMatch(/whole"\}\}\n\nevent: content_block_delta\ndata: \{[^\n]+$/)
})

test('a cut before any content breaks the connection without an answer', async () => {
  const claude = await startSteps([{ cut: true }])
  await expect(postStream(claude)).rejects.toThrow('fetch failed')
  await vi.waitFor(() => expect(claude.requests[0]).toMatchObject({ outcome: 'cut', status: 0 }))
})

test('a hang before any content sends not even headers', async () => {
  const claude = await startSteps([{ hang: true }])
  const settled = vi.fn()
  postStream(claude).then(settled, settled)
  await vi.waitFor(() => expect(claude.requests).toHaveLength(1))
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(settled).not.toHaveBeenCalled()
  expect(claude.requests[0]).toMatchObject({ outcome: 'open', status: 0 })
})

test('a hang after content keeps the stream open', async () => {
  const claude = await startSteps([{ text: 'and then' }, { hang: true }])
  const stream = await openStream(claude)
  expect(await stream.until('and then')).not.toContain('content_block_stop')
  expect(claude.requests[0]?.outcome).toBe('open')
})

test('a client that goes away ends its answer, and the request is marked aborted', async () => {
  const claude = await startSteps([{ text: 'and then' }, { hang: true }])
  const aborter = new AbortController()
  const response = await post(claude, bodyOf('go', { stream: true }), { signal: aborter.signal })
  await new WireReader(response).until('and then')
  aborter.abort()
  await vi.waitFor(() => expect(claude.requests[0]?.outcome).toBe('aborted'))
})

test('a client that goes away in a burst ends the burst', async () => {
  let said = 0
  const text = () => {
    said += 1
    return 'x'.repeat(10_000)
  }
  const claude = await startSteps([{ text, repeat: 1_000_000 }])
  const stream = await openStream(claude)
  await stream.until('message_start')
  await stream.cancel()
  await vi.waitFor(() => expect(claude.requests[0]?.outcome).toBe('aborted'))
  expect(said).toBeLessThan(1_000_000)
})

test('a client that goes away ends the generator that answers it', async () => {
  const ended = vi.fn()
  const claude = await startRules([
    {
      async *respond() {
        try {
          yield { text: 'one' }
          yield { hang: true }
        } finally {
          ended()
        }
      },
    },
  ])
  const stream = await openStream(claude)
  await stream.until('one')
  await stream.cancel()
  await vi.waitFor(() => expect(ended).toHaveBeenCalledOnce())
})

test('close ends hanging, delayed and paced answers at once', async () => {
  const claude = await startRules([
    { match: { lastUserText: 'hang' }, steps: [{ hang: true }] },
    { match: { lastUserText: 'delay' }, steps: [{ delayMs: 600_000 }] },
    { match: { lastUserText: 'pace' }, steps: [{ text: 'x', repeat: 10, pace: { deltasPerSecond: 0.01 } }] },
  ])
  const pending = [
    post(claude, bodyOf('hang')),
    post(claude, bodyOf('delay')),
    post(claude, bodyOf('pace', { stream: true })).then((response) => response.text()),
  ]
  const failures = Promise.all(pending.map((answer) => expect(answer).rejects.toThrow()))
  await vi.waitFor(() => expect(claude.requests).toHaveLength(3))
  await claude.close()
  await failures
  expect(claude.requests.map(({ outcome }) => outcome)).toEqual(['aborted', 'aborted', 'aborted'])
})

test('close can be called twice, and then nobody listens', async () => {
  const claude = await start()
  await Promise.all([claude.close(), claude.close()])
  await expect(fetch(claude.url)).rejects.toThrow()
})

test('after errors, cuts and aborts the next request is answered as ever', async () => {
  const claude = await startRules([
    { times: 1, steps: [{ error: { status: 500 } }] },
    { times: 1, steps: [{ cut: true }] },
    { times: 1, steps: [{ text: 'a' }, { cut: 'mid-event' }] },
    { steps: [{ text: 'fine' }] },
  ])
  expect((await postStream(claude)).status).toBe(500)
  await expect(postStream(claude)).rejects.toThrow()
  await expect(postStream(claude).then((response) => response.text())).rejects.toThrow()
  expect(await ask(claude)).toMatchObject({ content: [{ text: 'fine' }] })
})

test('an unknown step is refused with what it is', async () => {
  const claude = await startSteps([{ shout: 'hey' } as never])
  const response = await post(claude, 'go')
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({
    error: { message: expect.stringContaining('{"shout":"hey"}') },
  })
})
