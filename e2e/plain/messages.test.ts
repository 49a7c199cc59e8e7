import { readFile } from 'node:fs/promises'
import { ask } from '../support/http.ts'
import { bash, conversationOf, textOf, turnsOf, userMessage } from '../support/messages.ts'
import { describe, expect, test } from '../support/test.ts'

describe('a raw WebSocket client', () => {
  test('is greeted with `connected`, sends a message as the README shows it, and gets its messages and a result', async ({
    world,
  }) => {
    const { client } = await world.talk()
    expect(client.frames).toEqual([{ type: 'connected' }])
    client.send(
      '{"type":"user_message","data":{"type":"user","session_id":"","message":{"role":"user","content":"Hello"}}}',
    )
    expect(await client.sdk('system')).toMatchObject({ subtype: 'init', cwd: expect.any(String) })
    expect(textOf(await client.sdk('assistant'))).toBe('echo: Hello')
    expect(await client.result()).toMatchObject({
      subtype: 'success',
      is_error: false,
      result: 'echo: Hello',
    })
  })

  test('gets frames of exactly four types, whatever happens', async ({ world }) => {
    const { client, server } = await world.talk([
      bash('talk to stderr', 'echo out; echo err >&2'),
      { match: { lastUserText: 'stream' }, steps: [{ text: 'word ', repeat: 20 }] },
    ])
    client.prompt('talk to stderr')
    await client.result()
    client.prompt('stream')
    await client.result()
    client.send('no json')
    await client.error()
    process.kill((await server.agent()).id, 'SIGKILL')
    await client.error()
    client.prompt('and now')
    await client.result()
    const shapes = new Set(client.frames.map((frame) => Object.keys(frame).sort().join()))
    for (const shape of shapes) {
      expect(['type', 'data,type', 'code,error,hint,type', 'code,error,type']).toContain(shape)
    }
    const types = new Set(client.frames.map(({ type }) => type))
    for (const type of types) expect(['connected', 'sdk_message', 'error', 'info']).toContain(type)
    expect(client.frames.filter(({ type }) => type === 'connected')).toHaveLength(1)
  })

  test('sends five messages in one go, and each gets a turn and a result of its own, in order', async ({
    world,
  }) => {
    const { client, claude } = await world.talk()
    for (const text of ['one', 'two', 'three', 'four', 'five']) client.prompt(text)
    const results: string[] = []
    for (let turn = 0; turn < 5; turn += 1) results.push((await client.result()).result)
    expect(results).toEqual(['echo: one', 'echo: two', 'echo: three', 'echo: four', 'echo: five'])
    expect(turnsOf(claude)).toHaveLength(5)
    expect(
      client.messages().filter(({ type, subtype }) => type === 'system' && subtype === 'init'),
    ).toHaveLength(5)
    expect(conversationOf(turnsOf(claude)[4]!)).toContain('echo: four')
  })

  test('sends a message with content blocks, and the model gets them', async ({ world }) => {
    const { client, claude } = await world.talk()
    const content = [
      { type: 'text', text: 'first part' },
      { type: 'text', text: 'second part' },
    ]
    client.prompt('', { message: { role: 'user', content } })
    await client.result()
    const conversation = conversationOf(turnsOf(claude)[0]!)
    expect(conversation).toContain('first part')
    expect(conversation).toContain('second part')
  })

  test('sends the same message twice, with one uuid, and the next message still gets its answer', async ({
    world,
  }) => {
    const { client, claude } = await world.talk()
    const uuid = '0b7c4f0e-8a5e-4a39-9d0b-5f4e9a3c6d21'
    client.prompt('only once', { uuid })
    await client.result()
    client.prompt('only once', { uuid })
    client.prompt('after it')
    const answer = await client.next(
      ({ data }) => data?.type === 'result' && data.result === 'echo: after it',
    )
    expect(answer.data?.is_error).toBe(false)
    const asked = turnsOf(claude).map((request) => conversationOf(request).split('"only once"').length - 1)
    expect(Math.max(...asked)).toBeLessThanOrEqual(1)
  })

  test('forgets the conversation with /clear, and the next message works', async ({ world }) => {
    const { client, claude } = await world.talk()
    client.prompt('remember the word walrus')
    await client.result()
    client.prompt('/clear')
    client.prompt('what was the word?')
    await client.next(({ data }) => data?.type === 'result' && data.result.includes('what was'))
    expect(conversationOf(turnsOf(claude).at(-1)!)).not.toContain('walrus')
  })

  test('lets the agent work with real tools on real files of the workspace', async ({ world }) => {
    const { client, server } = await world.talk([bash('make it', 'pwd; echo made > made.txt')])
    client.prompt('make it')
    expect((await client.result()).result).toBe(`printed: ${server.workspace}`)
    expect(await readFile(`${server.workspace}/made.txt`, 'utf8')).toBe('made\n')
  })

  test('an API error of the model ends the turn with a result that says so, and the next message works', async ({
    world,
  }) => {
    const { client } = await world.talk([
      {
        match: { lastUserText: 'fail' },
        steps: [{ error: { status: 400, type: 'invalid_request_error', message: 'the model is cross' } }],
      },
    ])
    client.prompt('fail')
    const failed = await client.result()
    expect(failed.is_error).toBe(true)
    expect(JSON.stringify(failed)).toContain('the model is cross')
    client.prompt('again')
    expect((await client.result()).result).toBe('echo: again')
  })
})

describe('the one connection', () => {
  test('is not given to a second client, which is told so and closed; the first is unaffected', async ({
    world,
  }) => {
    const { client, server } = await world.talk()
    const second = world.client(server.wsUrl)
    expect(await second.error()).toMatchObject({
      type: 'error',
      error: 'Server already has an active connection',
      code: 'already_connected',
    })
    expect(await second.closed).toMatchObject({ code: 4409 })
    expect(second.frames).toHaveLength(1)
    client.prompt('still here')
    expect((await client.result()).result).toBe('echo: still here')
    expect(client.frames.filter(({ type }) => type === 'error')).toEqual([])
  })

  test('cannot be used by a second client that speaks at once', async ({ world }) => {
    const { client, server, claude } = await world.talk()
    const second = world.client(server.wsUrl)
    await second.open()
    second.send(userMessage('smuggled'))
    await second.closed
    client.prompt('mine')
    await client.result()
    expect(turnsOf(claude)).toHaveLength(1)
    expect(conversationOf(turnsOf(claude)[0]!)).not.toContain('smuggled')
  })

  test('is free as soon as its client has closed, and the conversation goes on', async ({ world }) => {
    const { client, server, claude } = await world.talk()
    client.prompt('my name is Ada')
    await client.result()
    await client.close()
    const next = await world.connect(server)
    next.prompt('who am I?')
    // What the first client had not acknowledged may come again.
    await next.next(({ data }) => data?.type === 'result' && data.result === 'echo: who am I?')
    expect(conversationOf(turnsOf(claude)[1]!)).toContain('my name is Ada')
  })
})

test('what the agent writes to stderr arrives as an `info` frame', async ({ world }) => {
  const { client, server } = await world.talk()
  await ask(`${server.url}/config`, { method: 'POST', body: { betas: ['no-such-beta'] } })
  const info = await client.next(({ type }) => type === 'info')
  expect(info).toEqual({ type: 'info', data: expect.stringContaining('no-such-beta') })
})
