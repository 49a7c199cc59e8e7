import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type AgentServerError, serveModel, type ModelService } from '@claude-agent/client'
import type { ScriptedClaude, Script } from 'scripted-claude'
import type { Client } from '../support/client.ts'
import { ask } from '../support/http.ts'
import { bash, script, turnsOf } from '../support/messages.ts'
import { residentMiB } from '../support/processes.ts'
import type { TestServer } from '../support/server.ts'
import { describe, expect, test, type World } from '../support/test.ts'
import { until } from '../support/until.ts'

const KEY = ['sk', 'ant', 'e2e', 'of', 'the', 'client'].join('-')
const TOKEN = 'token-of-the-server'

interface Setup {
  world: World
  claude: ScriptedClaude
  server: TestServer
  client: Client
  errors: AgentServerError[]
  /** Brings the model, until the test or its `close()` ends it. */
  bring: (host?: { url: string }, url?: string) => ModelService
}

/** A server without a key and without a way to the model, and a client that could bring it. */
async function setUp(world: World, rules: Script['rules'] = [], env = {}): Promise<Setup> {
  const claude = await world.claude({ script: script(...rules), apiKey: KEY })
  const server = await world.server({
    key: null,
    token: TOKEN,
    // Nothing listens there: whatever reaches the model does so by way of a client.
    upstream: 'http://127.0.0.1:9',
    env: { CLAUDE_AGENT_BROKER: 'client', ...env },
  })
  const errors: AgentServerError[] = []
  const bring = (host: { url: string } = claude, url = server.url): ModelService => {
    const service = serveModel({
      endpoint: { url },
      token: TOKEN,
      apiKey: KEY,
      baseUrl: host.url,
      onError: (error) => errors.push(error),
    })
    world.defer(() => service.close())
    return service
  }
  return { world, claude, server, client: await world.connect(server), errors, bring }
}

/** A model's host that says how many bytes it was sent. */
async function startSink(world: World): Promise<{ url: string }> {
  const server = createServer((from, to) => {
    let bytes = 0
    from.on('data', (chunk: Buffer) => (bytes += chunk.length))
    from.on('end', () => to.end(String(bytes)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  world.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const bearer = { authorization: `Bearer ${TOKEN}` }

test('a whole conversation is streamed by way of the client, whose key is nowhere in the sandbox', async ({
  world,
}) => {
  const look = 'env > env.txt; tr "\\0" "\\n" < /proc/$PPID/environ >> env.txt; echo looked'
  const { claude, server, client, errors, bring } = await setUp(world, [bash('look', look)])
  bring()
  const partials = { method: 'POST', body: { includePartialMessages: true }, headers: bearer }
  expect((await ask(`${server.url}/config`, partials)).status).toBe(200)
  client.prompt('hello')
  expect((await client.result()).result).toBe('echo: hello')
  expect(client.messages().filter(({ type }) => type === 'stream_event').length).toBeGreaterThan(3)
  client.prompt('look')
  expect((await client.result()).result).toBe('printed: looked')
  client.prompt('and again')
  expect((await client.result()).result).toBe('echo: and again')
  const seen = turnsOf(claude)
  expect(seen.length).toBe(4)
  expect(new Set(seen.map(({ headers }) => headers['x-api-key']))).toEqual(new Set([KEY]))
  // All of the CLI's own: those that name its version, its session and what it wants of the API.
  expect(Object.keys(seen[0]!.headers)).toEqual(
    expect.arrayContaining([
      'anthropic-beta',
      'anthropic-version',
      'user-agent',
      'x-app',
      'x-claude-code-session-id',
      'x-stainless-timeout',
    ]),
  )
  expect(JSON.stringify(claude.requests.map(({ headers }) => headers))).not.toContain('placeholder')
  const environment = await readFile(`${server.workspace}/env.txt`, 'utf8')
  expect(environment).toMatch(/ANTHROPIC_API_KEY=placeholder-/)
  const ofServer = await readFile(`/proc/${server.pid}/environ`, 'latin1')
  for (const place of [environment, ofServer, server.logs(), JSON.stringify(client.frames)])
    expect(place).not.toContain(KEY)
  expect(errors).toEqual([])
})

test('an interrupt ends the request at the model’s host, and the conversation goes on', async ({ world }) => {
  let aborted = 0
  const long: Script['rules'][number] = {
    name: 'long',
    match: { lastUserText: { equals: 'talk' } },
    respond: (asked) => {
      asked.signal.addEventListener('abort', () => (aborted += 1))
      return [{ text: 'word ', repeat: 1000, pace: { deltasPerSecond: 20 } }]
    },
  }
  const { server, client, bring } = await setUp(world, [long])
  bring()
  const partials = { method: 'POST', body: { includePartialMessages: true }, headers: bearer }
  await ask(`${server.url}/config`, partials)
  client.prompt('talk')
  await client.next(({ data }) => data?.type === 'stream_event')
  client.send({ type: 'interrupt' })
  await client.result()
  await until('the host hears of it', () => aborted > 0)
  client.prompt('hello')
  expect((await client.result()).result).toBe('echo: hello')
})

describe('a client that', () => {
  test('comes after the prompt is waited for', async ({ world }) => {
    const { client, bring } = await setUp(world)
    client.prompt('hello')
    await client.next(({ data }) => data?.type === 'system')
    bring()
    expect((await client.result()).result).toBe('echo: hello')
  })

  test('goes and comes back, in the middle of an answer too, costs no turn', async ({ world }) => {
    let answers = 0
    const cut: Script['rules'][number] = {
      name: 'cut',
      match: { lastUserText: { equals: 'talk' } },
      respond: () => {
        answers += 1
        return answers === 1
          ? [{ text: 'word ', repeat: 1000, pace: { deltasPerSecond: 20 } }]
          : [{ text: 'said at last' }]
      },
    }
    const { client, bring } = await setUp(world, [cut])
    const first = bring()
    client.prompt('talk')
    await until('the answer has begun', () => answers === 1)
    await first.close()
    bring()
    expect((await client.result(60_000)).result).toBe('said at last')
  }, 90_000)

  test('loses its network without a word comes back, and nothing that is asked then is lost', async ({
    world,
  }) => {
    const { server, client, bring } = await setUp(world)
    const { network } = await world.network(server)
    bring(undefined, `http://127.0.0.1:${network.port}`)
    client.prompt('one')
    expect((await client.result()).result).toBe('echo: one')
    network.vanish()
    client.prompt('two')
    expect((await client.result(60_000)).result).toBe('echo: two')
  }, 90_000)
})

test('two clients may bring the model: when one goes, the other is there', async ({ world }) => {
  const { claude, client, bring } = await setUp(world)
  const other = await world.claude({ script: script(), apiKey: KEY })
  const first = bring(claude)
  bring(other)
  for (let turn = 0; turn < 3; turn += 1) {
    client.prompt(`${turn}`)
    expect((await client.result()).result).toBe(`echo: ${turn}`)
  }
  await first.close()
  client.prompt('after')
  expect((await client.result()).result).toBe('echo: after')
  expect(turnsOf(other).length).toBeGreaterThan(0)
})

test('a body of 100 MB passes in constant memory of the server', async ({ world }) => {
  const { server, client, bring } = await setUp(world)
  const first = bring()
  client.prompt('hello')
  await client.result()
  await first.close()
  const host = await startSink(world)
  bring(host)
  const { environment } = await server.agent()
  const [, url] = /ANTHROPIC_BASE_URL=([^\0]+)/.exec(environment)!
  const placeholder = /placeholder-[\w-]+/.exec(environment)![0]
  const size = 100 * 1024 * 1024
  const chunk = Buffer.alloc(64 * 1024, ' ')
  const before = await residentMiB(server.pid)
  let peak = before
  const headers = { 'x-api-key': placeholder, 'content-length': size }
  const sent = request(`${url}/v1/messages`, { method: 'POST', headers })
  const answer = once(sent, 'response') as Promise<[IncomingMessage]>
  for (let left = size; left > 0; left -= chunk.length) {
    if (!sent.write(chunk)) await once(sent, 'drain')
    if (left % (4 * 1024 * 1024) === 0) peak = Math.max(peak, await residentMiB(server.pid))
  }
  sent.end()
  const [given] = await answer
  expect([given.statusCode, await text(given)]).toEqual([200, String(size)])
  peak = Math.max(peak, await residentMiB(server.pid))
  expect(peak - before, `MiB beyond ${before}`).toBeLessThan(40)
})

describe('a key', () => {
  test('that is sent to the server is refused by name', async ({ world }) => {
    const { server } = await setUp(world)
    const body = { anthropicApiKey: 'sk-not-wanted' }
    const config = await ask(`${server.url}/config`, { method: 'POST', body, headers: bearer })
    const session = await ask(`${server.url}/sessions`, {
      method: 'POST',
      body: { options: body },
      headers: bearer,
    })
    for (const { status, json } of [config, session]) {
      expect([status, json['code']]).toEqual([400, 'option_refused'])
      expect(json['hint']).toContain('serveModel()')
      expect(JSON.stringify(json)).not.toContain('sk-not-wanted')
    }
  })

  test('of the server’s environment is not used, and the server says so', async ({ world }) => {
    const { claude, server, client, bring } = await setUp(world, [], { ANTHROPIC_API_KEY: 'sk-unused' })
    bring()
    client.prompt('hello')
    expect((await client.result()).result).toBe('echo: hello')
    expect(turnsOf(claude)[0]?.headers['x-api-key']).toBe(KEY)
    expect(server.logs()).toContain('ANTHROPIC_API_KEY is not used')
    expect(server.logs()).not.toContain('sk-unused')
  })
})

test('a client without the token brings nothing', async ({ world }) => {
  const { claude, server } = await setUp(world)
  const errors: AgentServerError[] = []
  const service = serveModel({
    endpoint: { url: server.url },
    token: 'another',
    apiKey: KEY,
    baseUrl: claude.url,
    onError: (error) => errors.push(error),
  })
  world.defer(() => service.close())
  await until('it is told', () => errors.length > 0)
  expect(errors[0]).toMatchObject({ code: 'unauthorized' })
})
