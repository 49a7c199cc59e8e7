import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { ScriptedClaude } from '../src/index.ts'
import { bodyOf } from './support/conversation.ts'
import { startRules, startSteps } from './support/scripted.ts'
import { parseEvents, post, postStream, streamEvents } from './support/wire.ts'

const json = JSON.stringify(bodyOf('go'))

/** A bare connection to a server. */
async function connectTo(claude: ScriptedClaude): Promise<Socket> {
  const socket = connect(claude.port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  // A reset is one of the ways in which a connection may end here.
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/** The head of a request, with its last empty line. */
function head(...lines: string[]): string {
  return [`POST /v1/messages HTTP/1.1`, 'Host: a', ...lines, '', ''].join('\r\n')
}

/** Resolves when a connection is closed, in whichever way. */
function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

/** All that comes until the other side closes. */
async function readAll(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (data) => (text += data.toString()))
  await closeOf(socket)
  return text
}

test('a body that comes in pieces, cut inside a character, is read whole', async () => {
  const claude = await startSteps([{ text: 'fine' }])
  const socket = await connectTo(claude)
  const body = Buffer.from(JSON.stringify(bodyOf('grüße 😀')))
  socket.write(head('Connection: close', 'Transfer-Encoding: chunked'))
  for (let start = 0; start < body.length; start += 7) {
    const piece = body.subarray(start, start + 7)
    socket.write(`${piece.length.toString(16)}\r\n`)
    socket.write(piece)
    socket.write('\r\n')
    await new Promise((resolve) => setImmediate(resolve))
  }
  socket.write('0\r\n\r\n')
  expect(await readAll(socket)).toContain('HTTP/1.1 200')
  expect(claude.requests[0]?.body).toEqual(bodyOf('grüße 😀'))
})

test('a client that goes away while it sends leaves the server well', async () => {
  const claude = await startSteps([{ text: 'fine' }])
  const socket = await connectTo(claude)
  socket.write(head('Content-Length: 1000000') + json.slice(0, 20))
  await vi.waitFor(() => expect(claude.requests).toHaveLength(1))
  socket.destroy()
  await vi.waitFor(() => expect(claude.requests[0]?.outcome).toBe('aborted'))
  expect(claude.requests[0]).toMatchObject({ status: 0, failure: undefined })
  expect((await post(claude, 'go')).status).toBe(200)
})

test('a client that resets the connection in a burst leaves the server well', async () => {
  const claude = await startSteps([{ text: 'x'.repeat(10_000), repeat: 100_000 }])
  const socket = await connectTo(claude)
  const body = JSON.stringify(bodyOf('go', { stream: true }))
  socket.write(head(`Content-Length: ${body.length}`) + body)
  await once(socket, 'data')
  socket.resetAndDestroy()
  await vi.waitFor(() => expect(claude.requests[0]?.outcome).toBe('aborted'))
  expect((await post(claude, bodyOf([{ role: 'assistant', content: 'a' }]))).status).toBe(400)
})

test('what is not HTTP gets a 400 and the end of the connection', async () => {
  const claude = await startSteps([{ text: 'fine' }])
  const socket = await connectTo(claude)
  socket.write('hello\r\n\r\n')
  expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 400/)
  expect((await post(claude, 'go')).status).toBe(200)
})

test('a client that asks before it sends is told to go on', async () => {
  const claude = await startSteps([{ text: 'fine' }])
  const socket = await connectTo(claude)
  socket.write(head('Connection: close', 'Expect: 100-continue', `Content-Length: ${json.length}`))
  const [first] = (await once(socket, 'data')) as [Buffer]
  expect(first.toString()).toMatch(/^HTTP\/1\.1 100/)
  socket.write(json)
  expect(await readAll(socket)).toContain('fine')
})

test('close ends connections that say nothing', async () => {
  const claude = await startSteps([{ text: 'fine' }])
  const idle = await connectTo(claude)
  const half = await connectTo(claude)
  half.write(head('Content-Length: 1000').slice(0, 30))
  const closed = Promise.all([closeOf(idle), closeOf(half)])
  await claude.close()
  await closed
})

test('close while a body is coming ends that request too', async () => {
  const claude = await startSteps([{ text: 'fine' }])
  const socket = await connectTo(claude)
  socket.write(head('Content-Length: 1000') + json.slice(0, 10))
  await vi.waitFor(() => expect(claude.requests).toHaveLength(1))
  const closed = closeOf(socket)
  await claude.close()
  await closed
  expect(claude.requests[0]?.outcome).toBe('aborted')
})

test('two requests on one connection, sent at once, are answered in order', async () => {
  const claude = await startRules([
    { match: { lastUserText: 'first' }, steps: [{ delayMs: 50 }, { text: 'one' }] },
    { match: { lastUserText: 'second' }, steps: [{ text: 'two' }] },
  ])
  const socket = await connectTo(claude)
  const [first, second] = [JSON.stringify(bodyOf('first')), JSON.stringify(bodyOf('second'))]
  socket.write(head(`Content-Length: ${first.length}`) + first)
  socket.write(head('Connection: close', `Content-Length: ${second.length}`) + second)
  const said = await readAll(socket)
  expect(said.indexOf('"one"')).toBeGreaterThan(0)
  expect(said.indexOf('"two"')).toBeGreaterThan(said.indexOf('"one"'))
})

test('50 streams at once are each whole and their own', async () => {
  const claude = await startRules([
    {
      match: { lastUserText: /number (\d+)/ },
      respond: ({ captures }) => [{ text: (index) => `${captures[1]}.${index} `, repeat: 200 }],
    },
  ])
  const numbers = Array.from({ length: 50 }, (_, index) => index)
  const streams = await Promise.all(numbers.map((number) => streamEvents(claude, `number ${number}`)))
  for (const [number, events] of streams.entries()) {
    const text = events.map(({ data }) => data.delta?.text ?? '').join('')
    expect(text).toBe(Array.from({ length: 200 }, (_, index) => `${number}.${index} `).join(''))
  }
})

test('an answer of some hundred parts to a slow reader is in order', async () => {
  const claude = await startSteps([{ text: (index) => `<${index}>${'x'.repeat(5000)}`, repeat: 500 }])
  const response = await postStream(claude)
  const chunks: Uint8Array[] = []
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    chunks.push(chunk)
    if (chunks.length % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const events = parseEvents(Buffer.concat(chunks).toString())
  const order = events.flatMap(({ data }) => /^<(\d+)>/.exec(data.delta?.text ?? '')?.[1] ?? [])
  expect(order.map(Number)).toEqual(Array.from({ length: 500 }, (_, index) => index))
})
