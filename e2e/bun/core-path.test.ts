import { readFile } from 'node:fs/promises'
import type { Rule } from 'scripted-claude'
import { reason, runtime } from '../support/bun.ts'
import { ask, upgrade } from '../support/http.ts'
import { bash, conversationOf, turnsOf } from '../support/messages.ts'
import { describe, expect, test } from '../support/test.ts'
import { until } from '../support/until.ts'

const token = 'e2e-token-7f3a'

const endless: Rule = {
  match: { lastUserText: 'talk for ever' },
  steps: [{ text: 'word ', repeat: 100_000, pace: { deltasPerSecond: 50 } }],
}

describe.skipIf(reason !== '')(`the same server on Bun${reason}`, () => {
  test('greets, runs a prompt with a real tool, streams, and goes on with the conversation', async ({
    world,
  }) => {
    const { client, claude, server } = await world.talk([bash('make it', 'echo made > made.txt; pwd')], {
      runtime,
    })
    expect(client.frames).toEqual([{ type: 'connected' }])
    client.prompt('make it')
    expect((await client.result()).result).toBe(`printed: ${server.workspace}`)
    expect(await readFile(`${server.workspace}/made.txt`, 'utf8')).toBe('made\n')
    client.prompt('and now?')
    expect((await client.result()).result).toBe('echo: and now?')
    expect(conversationOf(turnsOf(claude).at(-1)!)).toContain('make it')
  })

  test('stores, shows and applies a configuration; a key wins, and is redacted', async ({ world }) => {
    const { client, claude, server } = await world.talk([], { runtime })
    const body = { systemPrompt: 'You are a pirate.', anthropicApiKey: 'sk-of-the-config' }
    const stored = await ask(`${server.url}/config`, { method: 'POST', body })
    expect(stored.json).toMatchObject({ success: true, config: { anthropicApiKey: '[redacted]' } })
    expect((await ask(`${server.url}/config`, { method: 'POST', body: '{"x' })).json.error).toBe(
      'Invalid JSON',
    )
    client.prompt('hello')
    await client.result()
    expect(turnsOf(claude)[0]?.headers['x-api-key']).toBe('sk-of-the-config')
    expect(JSON.stringify(turnsOf(claude)[0]?.body.system)).toContain('You are a pirate.')
    expect(await readFile(`/proc/${server.pid}/environ`, 'latin1')).not.toContain('e2e-key')
  })

  test('writes, reads in part, lists and removes files', async ({ world }) => {
    const { url, workspace } = await world.server({ runtime })
    const content = `${url}/files/content?path=${encodeURIComponent('deep/a b.txt')}`
    const put = await ask(content, { method: 'PUT', body: 'Grüße, world' })
    expect(put.status).toBeLessThan(300)
    expect(await readFile(`${workspace}/deep/a b.txt`, 'utf8')).toBe('Grüße, world')
    const got = await ask(content)
    expect(got).toMatchObject({ status: 200, text: 'Grüße, world' })
    expect(await ask(content, { headers: { range: 'bytes=0-1' } })).toMatchObject({
      status: 206,
      text: 'Gr',
    })
    const etag = got.headers.etag!
    expect((await ask(content, { headers: { 'if-none-match': etag } })).status).toBe(304)
    expect(
      (await ask(content, { method: 'PUT', body: 'x', headers: { 'if-match': '"other"' } })).status,
    ).toBe(412)
    expect((await ask(`${url}/files?path=deep`)).json.entries).toMatchObject([
      { name: 'a b.txt', type: 'file' },
    ])
    expect(
      (await ask(`${url}/files?path=${encodeURIComponent('deep/a b.txt')}`, { method: 'DELETE' })).status,
    ).toBeLessThan(300)
    expect((await ask(content)).status).toBe(404)
    expect((await ask(`${url}/files/content?path=../../etc/passwd`)).json.code).toBe('path_outside_workspace')
  })

  test('carries 64 MiB up and down', async ({ world }) => {
    const { url } = await world.server({ runtime })
    const content = `${url}/files/content?path=big.bin`
    const big = 'x'.repeat(64 * 1024 * 1024)
    expect((await ask(content, { method: 'PUT', body: big })).status).toBeLessThan(300)
    expect((await ask(content)).text.length).toBe(big.length)
  })

  test('interrupts a stream, and the next message works', async ({ world }) => {
    const { client, claude } = await world.talk([endless], { runtime })
    client.prompt('talk for ever')
    await until('the model streams', () => turnsOf(claude).length === 1)
    client.send({ type: 'interrupt' })
    expect(await client.result()).toMatchObject({ subtype: 'error_during_execution' })
    client.prompt('next')
    expect((await client.result()).result).toBe('echo: next')
  })

  test('turns a second client away, and answers wrong frames with errors', async ({ world }) => {
    const { client, server } = await world.talk([], {
      runtime,
      env: { CLAUDE_AGENT_MAX_FRAME_BYTES: '1048576' },
    })
    const second = world.client(server.wsUrl)
    expect(await second.error()).toMatchObject({ error: 'Server already has an active connection' })
    expect((await second.closed).code).toBe(4409)
    const wrong: [unknown, string][] = [
      ['no json', 'invalid_json'],
      [{ type: 'reboot' }, 'unknown_type'],
      [Buffer.from('x'), 'binary_frame'],
      ['x'.repeat(1_500_000), 'frame_too_large'],
    ]
    for (const [frame, code] of wrong) {
      client.send(frame)
      expect(await client.error()).toMatchObject({ code })
    }
    client.prompt('still here')
    expect((await client.result()).result).toBe('echo: still here')
    client.send('x'.repeat(3_000_000))
    expect((await client.closed).code).toBe(1009)
    await world.connect(server)
  })

  test('asks for the token, in the header and as a frame, with a message right behind it', async ({
    world,
  }) => {
    const { client: first, server } = await world.talk([], { runtime, token })
    await first.close()
    expect((await ask(`${server.url}/config`)).status).toBe(401)
    expect(await upgrade(server.wsUrl, { authorization: 'Bearer wrong' })).toMatchObject({ status: 401 })
    const stranger = world.client(server.wsUrl)
    await stranger.open()
    stranger.send({ type: 'auth', token: 'wrong' })
    expect((await stranger.closed).code).toBe(4401)
    const flood = world.client(server.wsUrl)
    await flood.open()
    for (let part = 0; part < 100; part += 1) flood.socket.send('x'.repeat(1000), { fin: false })
    await flood.closed
    const client = world.client(server.wsUrl)
    await client.open()
    client.send({ type: 'auth', token })
    client.prompt('hello')
    expect((await client.result()).result).toBe('echo: hello')
  })

  test('refuses a page of another origin and a wrong host', async ({ world }) => {
    const { url, wsUrl } = await world.server({ runtime })
    for (const headers of [{ origin: 'https://evil.example' }, { host: 'evil.example' }] as Record<
      string,
      string
    >[]) {
      expect((await ask(`${url}/config`, { headers })).status).toBe(403)
      expect((await upgrade(wsUrl, headers)).status).toBe(403)
    }
  })
})
