import { ask } from '../../support/http.ts'
import { residentMiB } from '../../support/processes.ts'
import { expect, test } from '../../support/test.ts'
import { until } from '../../support/until.ts'
import { isResult, range, type Frame } from './support/frame.ts'
import { talk } from './support/speeches.ts'

const MAX_FRAME = 64 * 1024

/** Frames that cannot be understood, and the `id` that their error has. */
const GARBAGE: [name: string, frame: unknown, id?: string][] = [
  ['an empty text', ''],
  ['no JSON', '{"type": "interrupt"'],
  ['a binary frame', Buffer.from('{"type":"interrupt"}')],
  ['null', 'null'],
  ['a number', '42'],
  ['a list', '[{"type":"interrupt"}]'],
  ['no type', { id: 'no-type' }, 'no-type'],
  ['an unknown type', { type: 'shutdown', id: 'unknown' }, 'unknown'],
  ['a type of the other direction', { type: 'caught_up', seq: 1 }],
  ['a type that is no text', { type: { a: 1 } }],
  ['a name of a prototype', { type: '__proto__' }],
  ['a prompt without data', { type: 'user_message', id: 'no-data' }, 'no-data'],
  [
    'a prompt of nobody',
    { type: 'user_message', id: 'no-role', data: { type: 'user', message: {} } },
    'no-role',
  ],
  ['an answer to nothing', { type: 'answer', id: 'no-ask', ask: 'none-such', result: {} }, 'no-ask'],
  ['an answer without an answer', { type: 'answer', id: 'neither', ask: 'x' }, 'neither'],
  ['a cancel of nothing', { type: 'cancel', id: 'no-prompt', uuid: crypto.randomUUID() }, 'no-prompt'],
  ['an id that is no text', { type: 'interrupt', id: 7 }],
  ['a frame over the limit', 'x'.repeat(MAX_FRAME + 1)],
  ['bytes that are no UTF-8', Buffer.from([0xc3, 0x28, 0xff])],
]

test('a frame that cannot be understood gets an `error` frame, with its `id` where it has one, and changes nothing else', async ({
  world,
}) => {
  const { session } = await talk(world, [], { env: { CLAUDE_AGENT_MAX_FRAME_BYTES: String(MAX_FRAME) } })
  const listener = session.listen()
  await listener.caughtUp()
  for (const [name, frame, id] of GARBAGE) {
    const before = listener.frames.length
    listener.send(frame)
    const error = await listener.next(({ type }) => type === 'error')
    expect(error.code, name).toMatch(/^[a-z_]+$/)
    expect(error.code, name).not.toBe('internal')
    expect(error.error?.length, name).toBeGreaterThan(10)
    expect(error.id, name).toBe(id)
    const others = listener.frames.slice(before).filter(({ type }) => type !== 'error')
    expect(
      others.every(({ type }) => type === 'heartbeat' || type === 'agent_started'),
      name,
    ).toBe(true)
  }
  expect(await listener.prompt('still there?')).toMatchObject({ type: 'reply' })
  expect((await listener.next(isResult)).data?.result).toBe('echo: still there?')
})

test('frames with an `id` are answered by exactly one `reply` or `error` with that `id`, those without by none', async ({
  world,
}) => {
  const { session } = await talk(world)
  const listener = session.listen()
  await listener.open()
  const uuids = range(0, 4).map(() => crypto.randomUUID())
  const expected = new Map<string, string>()
  const send = (frame: { id: string; type: string; [field: string]: unknown }, answer: string): void => {
    listener.send(frame)
    expected.set(frame.id, answer)
  }
  for (const [index, uuid] of uuids.entries()) {
    const data = { type: 'user', uuid, message: { role: 'user', content: `prompt ${index}` } }
    send({ type: 'user_message', data, id: `first ${index}` }, `reply ${uuid}`)
    send({ type: 'user_message', data, id: `again ${index}` }, `reply ${uuid}`)
    const other = { ...data, message: { role: 'user', content: 'something else' } }
    send({ type: 'user_message', data: other, id: `other ${index}` }, 'error uuid_conflict')
    send({ type: 'cancel', uuid: 'none-such', id: `cancel ${index}` }, 'error prompt_not_found')
    send({ type: 'answer', ask: 'x', error: 'no', id: `answer ${index}` }, 'error ask_not_found')
    listener.send({ type: 'user_message', data })
  }
  await until('all are answered', () => answersOf(listener.frames).length >= expected.size)
  await session.idle()
  const answers = answersOf(listener.frames)
  const told = answers.map(({ type, id, code, result }) => [id, `${type} ${code ?? result?.uuid}`])
  expect(told).toHaveLength(expected.size)
  expect(new Map(told as [string, string][])).toEqual(expected)
  for (const index of uuids.keys()) {
    const [first, again] = ['first', 'again'].map((name) =>
      answers.find(({ id }) => id === `${name} ${index}`),
    )
    expect(again?.result).toEqual(first?.result)
  }
})

function answersOf(frames: readonly Frame[]): Frame[] {
  return frames.filter(({ type }) => type === 'reply' || type === 'error')
}

test('a client that floods, and reads none of the answers, costs bounded memory and holds nobody up', async ({
  world,
}) => {
  const { server, session } = await talk(world)
  const [flooder, other] = [session.listen(), session.listen()]
  await Promise.all([flooder, other].map((reader) => reader.caughtUp()))
  const baseline = await residentMiB(server.pid)
  flooder.stall()
  const wrong = JSON.stringify({ type: 'x'.repeat(500), id: 'x'.repeat(100) })
  for (const frame of ['{"type":"heartbeat"}', wrong])
    for (let index = 0; index < 50_000; index += 1) flooder.send(frame)
  expect(await other.prompt('are you there?')).toMatchObject({ type: 'reply' })
  expect((await other.next(isResult)).data?.result).toBe('echo: are you there?')
  expect((await residentMiB(server.pid)) - baseline, 'growth in MiB').toBeLessThan(100)
  expect((await ask(`${server.url}/health`)).status).toBe(200)
  flooder.goOn()
  await flooder.next(isResult)
})

test('prompts beyond the limit are refused with `queue_full`, and all that were accepted are run, in order', async ({
  world,
}) => {
  const { claude, session } = await talk(world, [], { env: { CLAUDE_AGENT_MAX_QUEUED_PROMPTS: '5' } })
  const listener = session.listen()
  const answers = await Promise.all(range(0, 39).map((index) => listener.prompt(`prompt ${index}`)))
  const accepted = answers.flatMap(({ type }, index) => (type === 'reply' ? [index] : []))
  expect(accepted.length).toBeGreaterThanOrEqual(5)
  expect(accepted.length).toBeLessThanOrEqual(7)
  const refused = answers.filter(({ type }) => type === 'error')
  expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['queue_full']))
  await session.idle()
  const prompts = (await session.pages()).filter(isResult).map(({ data }) => data?.result)
  expect(prompts).toEqual(accepted.map((index) => `echo: prompt ${index}`))
  expect(claude.requests.some(({ failure }) => failure !== undefined)).toBe(false)
})
