import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { conversationOf, turnsOf, userMessage } from '../support/messages.ts'
import { describe, expect, test } from '../support/test.ts'

const MIB = 1024 * 1024

const wrong: [name: string, frame: unknown, code: string, says: RegExp][] = [
  ['text that is no JSON', 'this is no JSON', 'invalid_json', /Invalid JSON/],
  ['an empty frame', '', 'invalid_json', /Invalid JSON/],
  ['half a JSON object', '{"type":"user_mess', 'invalid_json', /Invalid JSON/],
  ['JSON that is no object', '[1,2]', 'unknown_type', /Unknown message type/],
  ['null', 'null', 'unknown_type', /Unknown message type/],
  ['an object without a type', {}, 'unknown_type', /Unknown message type/],
  ['an unknown type', { type: 'reboot' }, 'unknown_type', /"reboot"/],
  ['a type that every object inherits', { type: 'constructor' }, 'unknown_type', /constructor/],
  ['a user message without data', { type: 'user_message' }, 'invalid_message', /'data'/],
  [
    'a user message without `message`',
    { type: 'user_message', data: { type: 'user', session_id: '' } },
    'invalid_message',
    /'data\.message'/,
  ],
  [
    'a user message of another role',
    { type: 'user_message', data: { type: 'user', message: { role: 'assistant', content: 'x' } } },
    'invalid_message',
    /'data\.message\.role'/,
  ],
  [
    'a user message with a number for content',
    { type: 'user_message', data: { type: 'user', message: { role: 'user', content: 5 } } },
    'invalid_message',
    /'data\.message\.content'/,
  ],
  [
    'a user message whose data is of another type',
    { type: 'user_message', data: { type: 'control_request', message: { role: 'user', content: 'x' } } },
    'invalid_message',
    /'data\.type'/,
  ],
  ['5 MB of garbage', 'x'.repeat(5_000_000), 'invalid_json', /Invalid JSON/],
  ['a binary frame of noise', randomBytes(1000), 'binary_frame', /binary/],
  [
    'a binary frame that holds a good message',
    Buffer.from(JSON.stringify(userMessage('hi'))),
    'binary_frame',
    /binary/,
  ],
]

describe('a frame that is wrong gets an error frame, and the next good one works on the same connection', () => {
  test('each of the wrong frames, one after the other', async ({ world }) => {
    const { client, claude, server } = await world.talk()
    const before = (await server.agent()).id
    for (const [name, frame, code, says] of wrong) {
      client.send(frame)
      const answer = await client.next(({ type }) => type === 'error')
      expect(answer, name).toMatchObject({ type: 'error', code, error: expect.stringMatching(says) })
      expect(answer.hint, name).toEqual(expect.any(String))
      expect(JSON.stringify(answer).length, `the answer to ${name} is short`).toBeLessThan(1000)
      client.prompt(`after ${name}`)
      expect((await client.result()).result, name).toBe(`echo: after ${name}`)
    }
    expect(turnsOf(claude)).toHaveLength(wrong.length)
    expect((await server.agent()).id, 'the agent was hurt by none').toBe(before)
  })

  test('a message of 5 MB is a good one: the model gets it whole', async ({ world }) => {
    const { client, claude } = await world.talk([
      { match: { lastUserText: 'begin' }, steps: [{ text: 'long' }] },
    ])
    // At the very beginning of a conversation the CLI itself refuses it, as too long for the model.
    client.prompt('hello')
    await client.result()
    const text = `begin ${'lorem ipsum '.repeat(420_000)}end`
    client.prompt(text)
    await client.result()
    expect(conversationOf(turnsOf(claude)[1]!)).toContain(text)
    client.prompt('short')
    expect((await client.result()).result).toBe('echo: short')
  })

  test('a frame over the limit is refused with both sizes, and the next good one works', async ({
    world,
  }) => {
    const { client } = await world.talk([], { env: { CLAUDE_AGENT_MAX_FRAME_BYTES: String(MIB) } })
    client.prompt('x'.repeat(MIB))
    const answer = await client.error()
    expect(answer).toMatchObject({ code: 'frame_too_large', error: expect.stringContaining(String(MIB)) })
    client.prompt('small')
    expect((await client.result()).result).toBe('echo: small')
  })

  test('a frame over double the limit closes the socket with 1009; the next connection goes on with the conversation', async ({
    world,
  }) => {
    const { client, server, claude } = await world.talk([], {
      env: { CLAUDE_AGENT_MAX_FRAME_BYTES: String(MIB) },
    })
    client.prompt('my name is Ada')
    await client.result()
    client.prompt('x'.repeat(3 * MIB))
    expect(await client.closed).toMatchObject({ code: 1009 })
    const next = await world.connect(server)
    next.prompt('who am I?')
    await next.next(({ data }) => data?.type === 'result' && data.result === 'echo: who am I?')
    expect(conversationOf(turnsOf(claude)[1]!)).toContain('my name is Ada')
  })

  test('that 1009 arrives although most of the frame was not read, and the place is free at once, each time', async ({
    world,
  }) => {
    const { client, server } = await world.talk([], { env: { CLAUDE_AGENT_MAX_FRAME_BYTES: String(MIB) } })
    const codes: number[] = []
    for (let one = client; codes.length < 20; one = await world.connect(server)) {
      one.send('x'.repeat(3 * MIB))
      codes.push((await one.closed).code)
    }
    expect(codes).toEqual(Array.from({ length: 20 }, () => 1009))
  })

  test('a frame that breaks the WebSocket protocol costs its connection only', async ({ world }) => {
    const { client, server } = await world.talk()
    const raw = (client.socket as unknown as { _socket: Socket })._socket
    raw.write(randomBytes(64).fill(0xff))
    await client.closed
    const next = await world.connect(server)
    next.prompt('whole again')
    expect((await next.result()).result).toBe('echo: whole again')
  })

  test('more messages than may wait are refused one by one, and those that wait are answered', async ({
    world,
  }) => {
    const { client } = await world.talk([], { env: { CLAUDE_AGENT_MAX_QUEUED_PROMPTS: '2' } })
    for (const text of ['runs', 'waits', 'waits too', 'too many']) client.prompt(text)
    expect(await client.error()).toMatchObject({ code: 'queue_full', retryAfterMs: expect.any(Number) })
    const results = [await client.result(), await client.result(), await client.result()]
    expect(results.map(({ result }) => result)).toEqual(['echo: runs', 'echo: waits', 'echo: waits too'])
  })
})
