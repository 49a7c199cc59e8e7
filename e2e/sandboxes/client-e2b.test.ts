import { ClaudeAgentClient } from '@claude-agent/client'
import { until } from '../support/until.ts'
import type { E2bDouble } from '../doubles/e2b/double.ts'
import { describe, expect, test } from './e2b-world.ts'

const TURN_MS = 90_000
const KEY = 'sk-ant-of-the-creator'

/** The environment of whoever follows the README: its keys, and where E2B is. */
async function within(double: E2bDouble, walk: () => Promise<void>): Promise<void> {
  const { apiKey, apiUrl, sandboxUrl } = double.connection
  const names = {
    E2B_API_KEY: apiKey,
    E2B_API_URL: apiUrl,
    E2B_SANDBOX_URL: sandboxUrl,
    ANTHROPIC_API_KEY: KEY,
  }
  const before = Object.keys(names).map((name) => [name, process.env[name]] as const)
  Object.assign(process.env, names)
  try {
    await walk()
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
}

describe('the predecessor’s README against E2B', () => {
  test(
    'with only the import changed: messages, files, watch, stop',
    { timeout: 120_000 },
    async ({ world, startDouble }) => {
      const claude = await world.claude()
      const double = await startDouble({}, { server: 'real', envs: { ANTHROPIC_BASE_URL: claude.url } })
      const told: string[] = []
      await within(double, async () => {
        // The README’s code; what it leaves to the reader stands between the lines that say so.
        const client = new ClaudeAgentClient({
          e2bApiKey: process.env['E2B_API_KEY'],
          anthropicApiKey: process.env['ANTHROPIC_API_KEY'],
          template: 'claude-agent-server', // Your E2B template name
          debug: false,
        })
        world.defer(() => client.stop())

        // Start the client (creates E2B sandbox and connects)
        await client.start()

        // Listen for messages from Claude
        client.onMessage((message) => {
          if (message.type === 'sdk_message') {
            told.push(message.data.type)
          }
        })

        // Send a message to Claude
        client.send({
          type: 'user_message',
          data: {
            type: 'user',
            session_id: 'my-session',
            message: {
              role: 'user',
              content: 'Hello, Claude!',
            },
          },
        })

        // left to the reader: wait for the answer, and look at the files
        await until('a result', () => told.includes('result'), TURN_MS)
        const seen: string[] = []
        const watch = await client.watchDir('.', ({ type, name }) => seen.push(`${type} ${name}`))
        await client.writeFile('input.txt', 'Hello!')
        expect(await client.readFile('input.txt')).toBe('Hello!')
        expect((await client.listFiles()).map(({ name }) => name)).toContain('input.txt')
        await until('a change is told', () => seen.includes('create input.txt'))
        await client.removeFile('input.txt')
        await watch.stop()

        // Clean up when done
        await client.stop()
      })
      expect(claude.requests.at(-1)?.headers['x-api-key']).toBe(KEY)
      expect(double.record.find('POST', '/v2/sandboxes').length).toBe(1)
      expect(double.record.find('DELETE', /^\/sandboxes\/[^/]+$/).length).toBe(1)
      // The keys are where they belong and nowhere else: E2B’s at E2B, Anthropic’s in the one file that opens the seal.
      for (const { door, headers, body, path } of double.record.holding(double.apiKey)) {
        expect([door, headers['x-api-key']]).toEqual(['control', double.apiKey])
        expect(body + path).not.toContain(double.apiKey)
      }
      expect(
        double.record.holding(KEY).map(({ door, method, path }) => [door, method, path.split('?')[0]]),
      ).toEqual([['envd', 'POST', '/files']])
      expect(await double.remains()).toEqual([])
    },
  )

  test('a client holds its sandbox at each third of its time', async ({ world, startDouble }) => {
    const double = await startDouble({}, { server: 'real' })
    await within(double, async () => {
      const client = new ClaudeAgentClient({ timeoutMs: 9_000, connectTimeoutMs: 15_000 })
      world.defer(() => client.stop())
      await client.start()
      const beats = () => double.record.find('POST', /^\/sandboxes\/[^/]+\/timeout$/).length
      await until('it was extended twice', () => beats() >= 2)
      expect(client.state.status).toBe('connected')
    })
  })
})

describe('a client of a sandbox on E2B', () => {
  test(
    'goes on with what it had after its sandbox was paused at its timeout',
    { timeout: 120_000 },
    async ({ world, startDouble }) => {
      const claude = await world.claude()
      const double = await startDouble({}, { server: 'real', envs: { ANTHROPIC_BASE_URL: claude.url } })
      await within(double, async () => {
        const client = new ClaudeAgentClient({
          timeoutMs: 4_000,
          connectTimeoutMs: 15_000,
          keepAlive: false,
          onTimeout: 'pause',
        })
        world.defer(() => client.stop())
        const states: string[] = []
        const results: string[] = []
        client.onState(({ status }) => states.push(status))
        client.onMessage((message) => {
          if (message.type === 'sdk_message' && message.data.type === 'result')
            results.push(message.data.subtype)
        })
        await client.start()
        await client.writeFile('kept.txt', 'still here')
        await until(
          'it was lost and is back',
          () => states.filter((state) => state === 'connected').length > 1,
          30_000,
        )
        expect(await client.readFile('kept.txt')).toBe('still here')
        client.send({
          type: 'user_message',
          data: { type: 'user', message: { role: 'user', content: 'Hi' } },
        })
        await until('a result', () => results.length === 1, TURN_MS)
        expect(states).not.toContain('closed')
        await client.stop()
      })
      expect(await double.remains()).toEqual([])
    },
  )

  test('pauses and resumes it, from another client too', async ({ world, startDouble }) => {
    const double = await startDouble({}, { server: 'real' })
    await within(double, async () => {
      const client = new ClaudeAgentClient({})
      world.defer(() => client.stop())
      await client.start()
      await client.writeFile('kept.txt', 'still here')
      const id = client.sandboxId ?? ''
      expect(id).toMatch(/^e2b:/)
      await client.pause()
      const other = new ClaudeAgentClient({ resume: id })
      world.defer(() => other.stop())
      await other.start()
      expect(await other.readFile('kept.txt')).toBe('still here')
      await other.stop()
    })
    expect(await double.remains()).toEqual([])
  })

  test('is closed with code and hint when the sandbox is deleted behind its back', async ({
    world,
    startDouble,
  }) => {
    const double = await startDouble({}, { server: 'real' })
    await within(double, async () => {
      const client = new ClaudeAgentClient({})
      world.defer(() => client.stop())
      await client.start()
      await double.remove((client.sandboxId ?? '').replace('e2b:', ''))
      await until('it is closed', () => client.state.status === 'closed', 30_000)
      expect(client.state.error).toMatchObject({ code: 'sandbox_not_found', hint: expect.any(String) })
    })
  })

  test(
    'comes back when its network was cut during a turn, and nothing is lost',
    { timeout: 120_000 },
    async ({ world, startDouble }) => {
      const claude = await world.claude({
        script: { rules: [{ steps: [{ text: 'Well, ' }, { delayMs: 3_000 }, { text: 'at last.' }] }] },
      })
      const double = await startDouble({}, { server: 'real', envs: { ANTHROPIC_BASE_URL: claude.url } })
      await within(double, async () => {
        const client = new ClaudeAgentClient({})
        world.defer(() => client.stop())
        const texts: string[] = []
        client.onMessage((message) => {
          if (
            message.type === 'sdk_message' &&
            message.data.type === 'result' &&
            message.data.subtype === 'success'
          ) {
            texts.push(message.data.result)
          }
        })
        await client.start()
        client.send({
          type: 'user_message',
          data: { type: 'user', message: { role: 'user', content: 'Hi' } },
        })
        await until(
          'the model was asked',
          () => claude.requests.some(({ path }) => path === '/v1/messages'),
          TURN_MS,
        )
        double.cutConnections()
        await until('the result came', () => texts.length > 0, TURN_MS)
        expect(texts).toEqual(['Well, at last.'])
      })
    },
  )
})
