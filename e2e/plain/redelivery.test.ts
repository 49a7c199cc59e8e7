import { ask } from '../support/http.ts'
import { pause, until } from '../support/until.ts'
import { expect, test, type World } from '../support/test.ts'
import { conversationOf, textOf, turnsOf } from '../support/messages.ts'
import type { Rule } from 'scripted-claude'
import type { Client } from '../support/client.ts'
import type { SessionList } from '@claude-agent/protocol'

/** A turn of many whole messages, one every `everyMs`. */
function lecture(messages: number, everyMs: number): Rule {
  return {
    match: { lastUserText: 'lecture' },
    respond: async function* speak() {
      for (let index = 0; index < messages; index += 1) {
        yield { text: `paragraph ${index}`, repeat: 1, each: 'block' }
        yield { delayMs: everyMs }
      }
    },
  }
}

/** The uuids of the messages that make up the conversation, in order. */
function uuids(client: Client): string[] {
  return client.messages().map(({ uuid }) => uuid)
}

function paragraphs(clients: Client[]): string[] {
  const assistant = clients.flatMap((client) => client.messages()).filter(({ type }) => type === 'assistant')
  const unique = new Map(assistant.map((message) => [message.uuid, textOf(message)]))
  return [...unique.values()]
}

const all = Array.from({ length: 20 }, (_, index) => `paragraph ${index}`)

/** A client that has heard some of the lecture. */
async function listen(world: World, wsUrl: string): Promise<Client> {
  const client = world.client(wsUrl)
  await client.next(({ type }) => type === 'connected')
  client.prompt('lecture')
  await client.sdk('assistant')
  await client.sdk('assistant')
  return client
}

test.concurrent('Whole messages that were said while no client was attached are delivered to the next one, in order: 5 s in the middle of a turn, each once', async ({
  world,
}) => {
  const claude = await world.claude({ script: { rules: [lecture(20, 300)] } })
  const server = await world.server({ upstream: claude.url })
  const client = await listen(world, server.wsUrl)
  // What a client that closes in order has received is acknowledged by then.
  await pause(200)
  await client.close()
  await pause(5000)
  const next = await world.connect(server)
  await next.result()
  expect(paragraphs([client, next])).toEqual(all)
  const received = [...uuids(client), ...uuids(next)]
  expect(received.length - new Set(received).size, 'doubled').toBeLessThanOrEqual(2)
  expect(uuids(next).length, 'each once to the next').toBe(new Set(uuids(next)).size)
})

test.concurrent('a client that closes when all was said, and comes back: nothing comes twice', async ({
  world,
}) => {
  const { client, server } = await world.talk()
  client.prompt('hello')
  await client.result()
  await pause(1000)
  await client.close()
  const next = await world.connect(server)
  await pause(1000)
  expect(next.messages()).toEqual([])
})

test.concurrent('The conversation outlives its client, and turns go on with no client attached: the result is delivered to the next', async ({
  world,
}) => {
  const claude = await world.claude({ script: { rules: [lecture(20, 50)] } })
  const server = await world.server({ upstream: claude.url })
  const client = await listen(world, server.wsUrl)
  client.terminate()
  await until('the turn is over', () => turnsOf(claude)[0]?.outcome === 'answered')
  await pause(500)
  const next = await world.connect(server)
  expect((await next.result()).subtype).toBe('success')
  expect(paragraphs([client, next])).toEqual(all)
})

test.concurrent(
  'What a lost client never acknowledged comes again to the next one, with the same `uuid`: at least once, when its network vanished without a FIN',
  { timeout: 90_000 },
  async ({ world }) => {
    const claude = await world.claude({ script: { rules: [lecture(20, 300)] } })
    const server = await world.server({ upstream: claude.url })
    const { network, wsUrl } = await world.network(server)
    const lost = await listen(world, wsUrl)
    network.vanish()
    const vanishedAt = Date.now()
    expect(await refusal(world, server.wsUrl)).toBe('already_connected')
    const next = await until('the slot is free', () => slot(world, server.wsUrl), 45_000)
    expect(Date.now() - vanishedAt).toBeLessThan(30_000)
    await next.result()
    expect(paragraphs([lost, next])).toEqual(all)
    expect(uuids(next).length, 'each once to the next').toBe(new Set(uuids(next)).size)
  },
)

test.concurrent(
  'A client that gives no sign of life for 25 s is gone and frees the slot: also while the agent goes on streaming to it',
  { timeout: 90_000 },
  async ({ world }) => {
    const { claude, server, client } = await world.talk([
      {
        match: { lastUserText: 'talk for ever' },
        steps: [{ text: 'word ', repeat: 100_000, pace: { deltasPerSecond: 20 } }],
      },
    ])
    await client.close()
    await ask(`${server.url}/config`, { method: 'POST', body: { includePartialMessages: true } })
    const { network, wsUrl } = await world.network(server)
    const lost = world.client(wsUrl)
    await lost.next(({ type }) => type === 'connected')
    lost.prompt('talk for ever')
    await until('the model streams', () => turnsOf(claude).length === 1)
    await lost.sdk('stream_event')
    network.vanish()
    const vanishedAt = Date.now()
    const next = await until('the slot is free', () => slot(world, server.wsUrl), 45_000)
    expect(Date.now() - vanishedAt).toBeLessThan(30_000)
    next.send({ type: 'interrupt' })
    await next.result()
  },
)

test.concurrent(
  'a client that says nothing for 35 s, but lives, keeps the slot',
  { timeout: 90_000 },
  async ({ world }) => {
    const { client, server } = await world.talk()
    await pause(35_000)
    expect(await refusal(world, server.wsUrl)).toBe('already_connected')
    client.prompt('still here')
    expect((await client.result()).result).toBe('echo: still here')
  },
)

/** A client that has the slot, or undefined while another has it. */
async function slot(world: World, wsUrl: string): Promise<Client | undefined> {
  await pause(500)
  const client = world.client(wsUrl)
  const { type } = await client.next(() => true)
  return type === 'connected' ? client : undefined
}

/** The code with which a further client is turned away. */
async function refusal(world: World, wsUrl: string): Promise<string | undefined> {
  return (await world.client(wsUrl).next(() => true)).code
}

test.concurrent('A new start of the server begins a new conversation; the old one is in the list of sessions', async ({
  world,
}) => {
  const { client, claude, server } = await world.talk([], { folder: await world.folder() })
  client.prompt('my name is Ada')
  await client.result()
  server.kill('SIGTERM')
  await server.program.ended
  const again = await world.server({ upstream: claude.url, folder: server.folder })
  const next = await world.connect(again)
  next.prompt('who am I?')
  expect((await next.result()).result).toBe('echo: who am I?')
  expect(conversationOf(turnsOf(claude).at(-1)!)).not.toContain('my name is Ada')
  const { sessions } = (await ask(`${again.url}/sessions`)).json as unknown as SessionList
  expect(sessions.map(({ interactive }) => interactive)).toEqual([false, false])
  const log = await ask(`${again.url}/sessions/${sessions[0]!.id}/events`)
  expect(log.text).toContain('my name is Ada')
})
