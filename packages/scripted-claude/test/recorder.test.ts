import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { RequestListener } from 'node:http'
import type { RunningServer } from '../src/index.ts'
import { startRecorder } from '../src/index.ts'
import { cassettePath, readCassette, startRecording } from './support/cassette.ts'
import { startRules, startSteps } from './support/scripted.ts'
import { ask, askText, openStream, post, postStream, streamEvents } from './support/wire.ts'

/** An API of the test's own, for what the scripted one does not do. */
async function startApi(answer: RequestListener): Promise<RunningServer> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, requests: [], close: () => Promise.resolve() }
}

test('what passes through is the same as without it, streamed or whole', async () => {
  const steps = [{ thinking: 'Hm.' }, { text: 'Hello, wörld' }, { toolUse: { id: 'toolu_1', name: 'Bash' } }]
  const api = await startSteps(steps)
  const path = await cassettePath()
  const recorder = await startRecording(api, path)
  const strip = (events: unknown) => JSON.stringify(events).replaceAll(/msg_01\w+|"signature":"[^"]+"/g, '')
  expect(strip(await streamEvents(recorder))).toBe(strip(await streamEvents(api)))
  expect(strip(await ask(recorder))).toBe(strip(await ask(api)))
  await recorder.close()
  const { exchanges } = await readCassette(path)
  expect(exchanges.map(({ request, answer }) => [request.stream, answer.status])).toEqual([
    [true, 200],
    [false, 200],
  ])
})

test('it streams: the beginning is there while the API still speaks', async () => {
  const api = await startSteps([{ text: 'the beginning' }, { ping: true }, { hang: true }])
  const recorder = await startRecording(api, await cassettePath())
  const reader = await openStream(recorder)
  expect(await reader.until('the beginning')).toContain('text_delta')
})

test('errors pass with their status and headers, and so does the try after them', async () => {
  const api = await startRules([
    { times: 1, steps: [{ error: { status: 529, retryAfterSeconds: 7 } }] },
    { steps: [{ text: 'now' }] },
  ])
  const path = await cassettePath()
  const recorder = await startRecording(api, path)
  const response = await post(recorder, 'go')
  expect([response.status, response.headers.get('retry-after')]).toEqual([529, '7'])
  expect(await askText(recorder)).toBe('now')
  await recorder.close()
  const answers = (await readCassette(path)).exchanges.map(({ answer }) => answer)
  expect(answers).toMatchObject([{ status: 529, headers: { 'retry-after': '7' } }, { status: 200 }])
})

test.each([
  [true, 'cut'],
  ['mid-event', 'cut-mid-event'],
] as const)('a stream that breaks (%s) breaks for the client, and is recorded as %s', async (cut, end) => {
  const api = await startSteps([{ text: 'half a sen' }, { cut }])
  const path = await cassettePath()
  const recorder = await startRecording(api, path)
  const reader = await openStream(recorder)
  await reader.until('half a sen')
  await expect(reader.end()).rejects.toThrow()
  await recorder.close()
  expect((await readCassette(path)).exchanges).toMatchObject([{ answer: { end } }])
})

test('a client that goes ends the request to the API, and is recorded', async () => {
  const api = await startSteps([{ text: 'so far' }, { ping: true }, { hang: true }])
  const path = await cassettePath()
  const recorder = await startRecording(api, path)
  const reader = await openStream(recorder)
  await reader.until('so far')
  await reader.cancel()
  await vi.waitFor(() => expect(api.requests[0]?.outcome).toBe('aborted'))
  await vi.waitFor(() => expect(recorder.size).toBe(1))
  await recorder.close()
  expect((await readCassette(path)).exchanges).toMatchObject([{ answer: { end: 'left' } }])
})

test('an answer that is open when the recording ends is left out, what is whole is there', async () => {
  const api = await startRules([
    { match: { lastUserText: 'hang' }, steps: [{ text: 'so far' }, { ping: true }, { hang: true }] },
    { steps: [{ text: 'whole' }] },
  ])
  const path = await cassettePath()
  const recorder = await startRecording(api, path)
  const reader = await openStream(recorder, 'hang')
  await reader.until('so far')
  expect(await askText(recorder, 'other')).toBe('whole')
  await recorder.close()
  expect(recorder.failures).toEqual(['an answer was still open when the recording ended'])
  expect((await readCassette(path)).exchanges).toMatchObject([{ request: { says: ['other'] } }])
})

test('what has been recorded is on disk before the recorder ends, in the order of the requests', async () => {
  const api = await startRules([
    { match: { lastUserText: 'slow' }, steps: [{ delayMs: 300 }, { text: 'late' }] },
    { steps: [{ text: 'fast' }] },
  ])
  const path = await cassettePath()
  const recorder = await startRecording(api, path)
  const slow = askText(recorder, 'slow')
  await vi.waitFor(() => expect(recorder.requests).toHaveLength(1))
  await askText(recorder, 'quick')
  await vi.waitFor(async () => expect((await readCassette(path)).exchanges).toHaveLength(1))
  await slow
  await vi.waitFor(async () =>
    expect((await readCassette(path)).exchanges.map(({ request }) => request.says)).toEqual([
      ['slow'],
      ['quick'],
    ]),
  )
})

test('an API that cannot be reached is a 502 for the client and no exchange', async () => {
  const path = await cassettePath()
  const recorder = await startRecorder({ upstream: 'http://127.0.0.1:1', cassette: path })
  onTestFinished(() => recorder.close())
  const response = await post(recorder, 'go')
  expect(response.status).toBe(502)
  expect(await response.text()).toContain('the API cannot be reached')
  expect([recorder.size, recorder.failures]).toEqual([0, [expect.stringContaining('ECONNREFUSED')]])
})

test('other paths pass, and are not recorded', async () => {
  const seen: string[] = []
  const api = await startApi((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    response.setHeader('set-cookie', 'a=b').end('{"email":"somebody@example.com"}')
  })
  const path = await cassettePath()
  const recorder = await startRecording(api, path)
  await fetch(`${recorder.url}/api/profile?x=1`)
  await fetch(`${recorder.url}/v1/files`, { method: 'POST', body: 'x' })
  expect(seen).toEqual(['GET /api/profile?x=1', 'POST /v1/files'])
  expect([recorder.size, recorder.failures]).toEqual([0, ['POST /v1/files is not of what is recorded']])
})

test('redirects are not followed, and nothing is asked in a form that cannot be read', async () => {
  let coding: unknown
  const api = await startApi((request, response) => {
    coding = request.headers['accept-encoding']
    response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end()
  })
  const recorder = await startRecording(api, await cassettePath())
  const response = await fetch(`${recorder.url}/v1/models`, { redirect: 'manual' })
  expect([response.status, coding]).toEqual([307, 'identity'])
})

test('the base path of the API is kept', async () => {
  let url: unknown
  const api = await startApi((request, response) => {
    url = request.url
    response.end('{}')
  })
  const recorder = await startRecorder({ upstream: `${api.url}/gateway/`, cassette: await cassettePath() })
  onTestFinished(() => recorder.close())
  await post(recorder, 'go')
  expect(url).toBe('/gateway/v1/messages')
})

test.each(['ftp://x', 'nonsense', 'https://user:pass@host', 'https://host/?key=1'])(
  '%s is no API',
  async (upstream) => {
    const started = startRecorder({ upstream, cassette: await cassettePath() })
    await expect(started).rejects.toMatchObject({ code: 'invalid_option' })
    await expect(started).rejects.not.toThrow('pass@')
  },
)

test('a folder that cannot be written is refused before anything is asked', async () => {
  const path = await cassettePath()
  await writeFile(path, '')
  const started = startRecorder({ cassette: join(path, 'below.json') })
  await expect(started).rejects.toMatchObject({ code: 'unwritable_cassette' })
  await expect(startRecorder({ cassette: dirname(path) })).rejects.toMatchObject({
    code: 'unwritable_cassette',
  })
})

test('bodies that are no JSON and answers that are no stream pass as they are', async () => {
  const api = await startApi((request, response) => {
    void request.toArray().then((chunks) => response.writeHead(418).end(Buffer.concat(chunks as Buffer[])))
  })
  const recorder = await startRecording(api, await cassettePath())
  const response = await fetch(`${recorder.url}/v1/messages`, { method: 'POST', body: 'no {json' })
  expect([response.status, await response.text()]).toEqual([418, 'no {json'])
  expect(recorder.failures).toEqual(['a body of POST /v1/messages is not JSON of the Messages API'])
  expect((await postStream(recorder)).status).toBe(418)
})
