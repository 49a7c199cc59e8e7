import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EventPage } from '@claude-agent/protocol'
import { reason, runtime } from '../support/bun.ts'
import { http, Peer } from '../sessions/support/peer.ts'
import { script } from '../support/messages.ts'
import { describe, expect, test } from '../support/test.ts'

const CLIENT = fileURLToPath(new URL('../../packages/client/dist/index.js', import.meta.url))

/** A program that talks to a session by the client library, and prints the numbers of the events that it was given. */
const program = (url: string): string => `
import { connect } from ${JSON.stringify(CLIENT)}
const server = connect({ url: ${JSON.stringify(url)} })
const session = await server.createSession({ id: 'from-bun' })
const result = await session.prompt('hello from bun')
const seqs = []
for await (const event of session.events()) {
  if ('seq' in event && event.type !== 'caught_up') seqs.push(event.seq)
  if (event.type === 'prompt_ended') break
}
await session.close()
console.log(JSON.stringify({ result: result.result, seqs }))
`

describe.skipIf(reason !== '')(`sessions on Bun${reason}`, () => {
  test('are numbered, read by several sockets, a stream and pages, and survive kill -9 of the server', async ({
    world,
  }) => {
    const claude = await world.claude({ script: script() })
    const folder = await world.folder()
    const server = await world.server({ upstream: claude.url, runtime, folder })
    const first = await Peer.create(world, server, { id: 'one' })
    const second = await Peer.attach(world, server, 'one', { name: 'bob' })
    const uuid = await first.send('hello')
    for (const peer of [first, second]) {
      expect(await peer.ended(uuid)).toBe('completed')
      expect(peer.events.map(({ seq }) => seq)).toEqual(peer.events.map((_, index) => index + 1))
    }
    expect(first.results).toEqual(['echo: hello'])
    const stream = await fetch(`${server.url}/sessions/one/events`, {
      headers: { accept: 'text/event-stream' },
    })
    let text = ''
    for await (const chunk of stream.body!) {
      text += new TextDecoder().decode(chunk)
      if (text.includes('data:')) break
    }
    expect(text).toMatch(/id: [\w-]+:1\ndata: \{"seq":1,/)
    server.kill('SIGKILL')
    await server.program.ended
    const again = await world.server({ upstream: claude.url, runtime, folder })
    const events = (await http(again, 'GET', '/sessions/one/events')).body as unknown as EventPage
    expect(events.events[0]).toMatchObject({ seq: 1, type: 'user_message', uuid })
    const data = { type: 'user', uuid, message: { role: 'user', content: 'hello' } }
    const repeated = await http(again, 'POST', '/sessions/one/messages', { data })
    expect(repeated).toMatchObject({ status: 202, body: { uuid, seq: 1 } })
  })

  test('the client library drives one on Bun too', async ({ world }) => {
    const claude = await world.claude({ script: script() })
    const server = await world.server({ upstream: claude.url, runtime })
    const folder = await world.folder()
    await writeFile(join(folder, 'program.mjs'), program(server.url))
    const child = spawn(runtime, [join(folder, 'program.mjs')], { env: { PATH: process.env['PATH'] ?? '' } })
    let output = ''
    child.stdout.on('data', (text: Buffer) => (output += text.toString()))
    child.stderr.on('data', (text: Buffer) => (output += text.toString()))
    expect(await new Promise((resolve) => child.once('exit', resolve)), output).toBe(0)
    const { result, seqs } = JSON.parse(output) as { result: string; seqs: number[] }
    expect(result).toBe('echo: hello from bun')
    expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, i) => i + 1))
  })
})
