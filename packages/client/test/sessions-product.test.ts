import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import type { Script } from 'scripted-claude'
import { type AgentServer, type ClientEvent, connect, type Session } from '../src/index.ts'
import { startCutter } from './cutter.ts'
import { rejection, until } from './peer.ts'
import { type Product, startProduct } from './product.ts'

// The client against the real server, with the real SDK on a scripted model. A turn starts a process of the real CLI.
const patience = { timeout: 120_000 }

const chat: Script = { rules: [{ respond: (request) => [{ text: `to ${request.lastUserText}` }] }] }
const note = { file_path: 'note.txt', content: 'written' }
const write: Script = {
  rules: [{ answers: [[{ toolUse: { name: 'Write', input: note } }], [{ text: 'Done.' }]] }],
}
/** The agent asks before it writes. */
const asking = { options: { permissionMode: 'default' } } as const

/** A session on the server, closed when the test ends. */
async function create(
  server: AgentServer,
  ...request: Parameters<AgentServer['createSession']>
): Promise<Session> {
  const session = await server.createSession(...request)
  onTestFinished(() => session.close())
  return session
}

/** Gathers the events of a session in the background. */
function gather(session: Session, after?: { log: string; seq: number }): ClientEvent[] {
  const events: ClientEvent[] = []
  void (async () => {
    for await (const event of session.events({ after })) events.push(event)
  })()
  return events
}

function seqs(events: ClientEvent[]): number[] {
  return events.flatMap((event) => ('at' in event ? [event.seq] : []))
}

function isGapless(numbers: number[]): boolean {
  return numbers.every((seq, index) => seq === numbers[0]! + index)
}

const connectTo = (product: Product): AgentServer => connect({ url: product.url })

test('two prompts get each its own result', patience, async () => {
  const product = await startProduct({ script: chat })
  const session = await create(connectTo(product), { title: 'Chat' })
  const [one, two] = await Promise.all([session.prompt('one'), session.prompt('two')])
  expect(one).toMatchObject({ subtype: 'success', result: 'to one' })
  expect(two).toMatchObject({ subtype: 'success', result: 'to two' })
  expect(await session.info()).toMatchObject({ title: 'Chat', usage: { turns: 2 } })
})

test('the history is there from the start, gapless, and goes on from a stored cursor', patience, async () => {
  const product = await startProduct({ script: chat })
  const server = connectTo(product)
  const session = await create(server)
  const events = gather(session)
  await session.prompt('one')
  await until(() => events.some(({ type }) => type === 'prompt_ended'), 'the end of the prompt')
  await session.close()
  const { cursor } = session
  expect(seqs(events)[0]).toBe(1)
  expect(isGapless(seqs(events))).toBe(true)
  const again = server.session(session.id)
  onTestFinished(() => again.close())
  const rest = gather(again, cursor)
  await again.prompt('two')
  await until(() => rest.some(({ type }) => type === 'prompt_ended'), 'the end of the next prompt')
  expect(seqs(rest)[0]).toBe(cursor!.seq + 1)
  expect(isGapless(seqs(rest))).toBe(true)
})

test('an ask reaches its handler, and what it answers is done; a decline is not', patience, async () => {
  for (const [isAllowed, content] of [
    [true, 'written'],
    [false, undefined],
  ] as const) {
    const product = await startProduct({ script: write })
    const session = await create(connectTo(product), asking)
    session.on('ask', async (ask) => {
      if (ask.kind !== 'can_use_tool') return
      if (isAllowed) await session.answer(ask, { behavior: 'allow' })
      else await session.decline(ask, 'Not now.')
    })
    const settled: string[] = []
    session.on('ask_settled', ({ outcome }) => settled.push(outcome))
    expect(await session.prompt('Write a note')).toMatchObject({ result: 'Done.' })
    expect(settled).toEqual(['answered'])
    const file = await readFile(join(product.workspace, 'note.txt'), 'utf8').catch(() => undefined)
    expect(file).toBe(content)
  }
})

test('an ask is settled once: the second answer is already_settled', patience, async () => {
  const product = await startProduct({ script: write })
  const session = await create(connectTo(product), asking)
  const asks: string[] = []
  session.on('ask', ({ ask }) => asks.push(ask))
  const result = session.prompt('Write a note')
  await until(() => asks.length === 1, 'the ask', 90_000)
  await session.answer(asks[0]!, { behavior: 'allow' })
  expect(await rejection(session.decline(asks[0]!, 'Late.'))).toMatchObject({ code: 'already_settled' })
  await result
})

test(
  'through a restart of the server an iterator goes on, gapless, and a prompt waits for it',
  patience,
  async () => {
    const product = await startProduct({ script: chat })
    const session = await create(connectTo(product))
    const events = gather(session)
    await session.prompt('one')
    await product.close()
    await until(() => session.state.status === 'reconnecting', 'the drop')
    const sent = session.send('two')
    await product.restart()
    const { uuid } = await sent
    const isEnd = (event: ClientEvent): boolean => event.type === 'prompt_ended' && event.uuid === uuid
    await until(() => events.some(isEnd), 'the end of the prompt', 90_000)
    expect(isGapless(seqs(events))).toBe(true)
    expect(events.filter(({ type }) => type === 'gap')).toEqual([])
    expect(events.filter((event) => event.type === 'user_message' && event.uuid === uuid)).toHaveLength(1)
  },
)

test(
  'through cuts of every line prompts stand there once, and each event comes once, in order',
  patience,
  async () => {
    const product = await startProduct({ script: chat })
    const cutter = await startCutter(product.url)
    const session = await create(connect({ url: cutter.url }))
    const events = gather(session)
    const heard: number[] = []
    session.on('sdk_message', (event) => 'seq' in event && heard.push(event.seq))
    let cuts = 0
    const cutting = setInterval(() => (cuts += cutter.cut()), 150)
    onTestFinished(() => clearInterval(cutting))
    const results = await Promise.all(['one', 'two', 'three', 'four'].map((text) => session.prompt(text)))
    clearInterval(cutting)
    expect(results.map((result) => result.subtype === 'success' && result.result)).toEqual([
      'to one',
      'to two',
      'to three',
      'to four',
    ])
    const { lastSeq } = await session.info()
    await until(() => seqs(events).at(-1)! >= lastSeq, 'the last event')
    expect(seqs(events)[0]).toBe(1)
    expect(isGapless(seqs(events))).toBe(true)
    expect(events.filter(({ type }) => type === 'user_message')).toHaveLength(4)
    const messages = events.filter((event) => event.type === 'sdk_message' && 'seq' in event)
    await until(() => heard.length >= messages.length, 'the handler')
    expect(heard).toEqual(seqs(messages))
    expect(cuts).toBeGreaterThan(0)
  },
)

test('partial messages come live, and the whole one after them', patience, async () => {
  const product = await startProduct({ script: chat })
  const session = await create(connectTo(product), { options: { includePartialMessages: true } })
  const events = gather(session)
  await session.prompt('one')
  await until(() => events.some(({ type }) => type === 'prompt_ended'))
  const partials = events.filter(
    (event) => event.type === 'sdk_message' && event.data.type === 'stream_event',
  )
  expect(partials.length).toBeGreaterThan(0)
  expect(partials.filter((event) => 'seq' in event)).toEqual([])
})

test('an interrupt ends the prompt with its outcome, and the next one is answered', patience, async () => {
  const slow = { times: 1, steps: [{ text: 'Well, ' }, { delayMs: 60_000 }, { text: 'at last.' }] }
  const product = await startProduct({ script: { rules: [slow, ...chat.rules] } })
  const session = await create(connectTo(product), { options: { includePartialMessages: true } })
  const events = gather(session)
  const stopped = rejection(session.prompt('Tell me a story'))
  await until(() => JSON.stringify(events).includes('Well, '), 'the first words', 90_000)
  await session.interrupt()
  expect(await stopped).toMatchObject({ code: 'prompt_interrupted', outcome: 'interrupted' })
  expect(await session.prompt('Hello')).toMatchObject({ result: 'to Hello' })
})

test('a prompt that waits can be cancelled', patience, async () => {
  const slow: Script = { rules: [{ steps: [{ text: 'Well, ' }, { delayMs: 60_000 }] }] }
  const product = await startProduct({ script: slow })
  const session = await create(connectTo(product))
  await session.send('first')
  const waiting = rejection(session.prompt('second', { uuid: '11111111-1111-4111-8111-111111111111' }))
  await until(() => session.state.status === 'connected')
  await session.cancel('11111111-1111-4111-8111-111111111111')
  expect(await waiting).toMatchObject({ outcome: 'cancelled' })
})

test('sessions are listed, changed and removed; what is gone says so', patience, async () => {
  const product = await startProduct()
  const server = connectTo(product)
  const session = await create(server, { id: 'mine' })
  await create(server, { id: 'mine' })
  await create(server, { id: 'other' })
  const ids: string[] = []
  for await (const { id } of server.sessions({ limit: 1 })) ids.push(id)
  expect(ids).toEqual(expect.arrayContaining(['mine', 'other']))
  expect(new Set(ids).size).toBe(ids.length)
  expect(await session.update({ title: 'B', metadata: { a: '1' } })).toMatchObject({ title: 'B' })
  const failure = rejection(
    (async () => {
      for await (const _ of session.events());
    })(),
  )
  await until(() => session.state.status === 'connected')
  await session.delete()
  expect(await failure).toMatchObject({ code: 'session_deleted' })
  expect(await rejection(session.send('Hello'))).toMatchObject({ code: 'session_deleted' })
  expect(await rejection(server.session('nobody').info())).toMatchObject({ code: 'session_not_found' })
  expect(await rejection(server.session('nobody').events().next())).toMatchObject({
    code: 'session_not_found',
  })
})

test('a token opens sessions; a wrong one and none do not', patience, async () => {
  const product = await startProduct({ token: 'open-sesame', script: chat })
  const session = await create(connect({ url: product.url, token: 'open-sesame' }))
  expect(await session.prompt('one')).toMatchObject({ result: 'to one' })
  for (const token of ['wrong', undefined]) {
    const other = connect({ url: product.url, token })
    expect(await rejection(other.createSession())).toMatchObject({ code: 'unauthorized' })
    expect(await rejection(other.session(session.id).events().next())).toMatchObject({ code: 'unauthorized' })
  }
})

test('the program of the README runs to its end', patience, async () => {
  const product = await startProduct({ script: chat })
  const folder = resolve(import.meta.dirname, '..')
  const readme = await readFile(join(folder, 'README.md'), 'utf8')
  const [, program = ''] = /```ts\n(.*?)```/s.exec(readme) ?? []
  expect(program).toContain('http://localhost:3000')
  const run = promisify(execFile)
  await run(process.execPath, [resolve(folder, '../../node_modules/typescript/bin/tsc'), '-b', folder])
  const code = program.replace('http://localhost:3000', product.url)
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', code], {
    cwd: folder,
    env: {},
    timeout: 60_000,
  })
  expect(stderr).toBe('')
  expect(stdout).toContain('to Write a file hello.txt with the text')
  expect(stdout).toMatch(/to go on from here: \{ log: '[\w-]+', seq: \d+ \}/)
})

test("calls reach the agent's query, over the socket and without one", patience, async () => {
  const product = await startProduct({ script: chat })
  const session = await create(connectTo(product))
  expect(session.state.status).toBe('closed')
  const models = await session.call('supportedModels')
  expect(models.length).toBeGreaterThan(0)
  const told: ClientEvent[] = []
  session.on('call_made', (event) => told.push(event))
  await until(() => session.state.status === 'connected', 'connected')
  expect(await session.call('setPermissionMode', 'plan')).toBeUndefined()
  await until(() => told.length === 1, 'it is told')
  expect(told[0]).toMatchObject({ method: 'setPermissionMode', args: ['plan'] })
  expect(await session.call('readFile', 'no such file')).toBeNull()
  expect(await rejection(session.call('reconnectMcpServer', 'nobody'))).toMatchObject({ code: 'call_failed' })
})
