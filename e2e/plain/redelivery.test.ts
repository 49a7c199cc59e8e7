import { ask } from '../support/http.ts'
import { pause, until } from '../support/until.ts'
import { expect, test, type World } from '../support/test.ts'
import { textOf, turnsOf } from '../support/messages.ts'
import type { Rule } from 'scripted-claude'
import type { Client } from '../support/client.ts'

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

test.concurrent('a client that closes for 5 s in the middle of a turn: the next gets every whole message said meanwhile, once', async ({
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

test.concurrent('a turn that ends while nobody is connected: its result is delivered to the next client', async ({
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
  'a client whose network vanished without a FIN frees the slot within 30 s, and what it never acknowledged comes again',
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
  'a client whose network vanished frees the slot within 30 s also while the agent goes on streaming to it',
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
