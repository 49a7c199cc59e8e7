import {
  startScriptedClaude,
  type Script,
  type ScriptedClaude,
  type ScriptedClaudeOptions,
} from 'scripted-claude'
import { test as base } from 'vitest'
import { Client } from './client.ts'
import { makeFolder, removeFolder } from './folder.ts'
import { Network } from './network.ts'
import { startServer, type ServerStart, type TestServer } from './server.ts'
import { script } from './messages.ts'

export { expect, describe } from 'vitest'

/** What a test makes; all of it is disposed of when the test ends, however it ends, the youngest first. */
export class World {
  readonly #ends: (() => unknown)[] = []

  async claude(options: ScriptedClaudeOptions = {}): Promise<ScriptedClaude> {
    const claude = await startScriptedClaude({ script: script(), ...options })
    this.#ends.push(() => claude.close())
    return claude
  }

  async server(start: ServerStart = {}): Promise<TestServer> {
    const server = await startServer(start)
    this.#ends.push(() => server.close())
    return server
  }

  /** A client that has the slot: it was greeted. */
  async connect(server: Pick<TestServer, 'wsUrl' | 'token'>): Promise<Client> {
    const client = this.client(
      server.wsUrl,
      server.token === undefined ? {} : { authorization: `Bearer ${server.token}` },
    )
    await client.next((frame) => frame.type === 'connected')
    return client
  }

  /** A client that is on its way, whatever becomes of it. */
  client(url: string, headers: Record<string, string> = {}): Client {
    const client = new Client(url, headers)
    this.#ends.push(() => client.terminate())
    return client
  }

  /** A model with these rules, a server in front of it, and a client that has the slot. */
  async talk(
    rules: Script['rules'] = [],
    start: ServerStart = {},
  ): Promise<{ claude: ScriptedClaude; server: TestServer; client: Client }> {
    const claude = await this.claude({ script: script(...rules) })
    const server = await this.server({ upstream: claude.url, ...start })
    return { claude, server, client: await this.connect(server) }
  }

  async network(server: TestServer): Promise<{ network: Network; wsUrl: string }> {
    const network = await Network.before(server.port)
    this.#ends.push(() => network.close())
    return { network, wsUrl: `ws://127.0.0.1:${network.port}/ws` }
  }

  async folder(): Promise<string> {
    const folder = await makeFolder()
    this.#ends.push(() => removeFolder(folder))
    return folder
  }

  /** Calls `end` when the test ends. */
  defer(end: () => unknown): void {
    this.#ends.push(end)
  }

  async dispose(): Promise<void> {
    const faults: unknown[] = []
    for (const end of this.#ends.reverse()) {
      try {
        await end()
      } catch (fault) {
        faults.push(fault)
      }
    }
    if (faults.length > 0) throw new AggregateError(faults, 'Not everything could be disposed of.')
  }
}

/** A test with a world of its own. */
export const test = base.extend<{ world: World }>({
  // oxlint-disable-next-line no-empty-pattern
  world: async ({}, use) => {
    const world = new World()
    try {
      await use(world)
    } finally {
      await world.dispose()
    }
  },
})
