import { rmSync } from 'node:fs'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ClaudeAgentClient } from '@claude-agent/client'
import { startChild, stopChildren } from './child.mjs'
import { untilParked } from './processes.mjs'

const path = (name) => fileURLToPath(new URL(name, import.meta.url))

/**
 * What all figures share: the scripted model in a process of its own, a folder that is removed at the end, and the
 * environment that both sides get. The bare SDK speaks to the model directly, the server through its broker.
 */
export async function openLab({ server = path('../packages/server/dist/program/bin.js') } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'claude-agent-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return new Lab(folder, await startModel('127.0.0.1'), server)
}

/** The scripted model in a process of its own. */
async function startModel(host) {
  const bin = fileURLToPath(new URL('dist/bin.js', import.meta.resolve('scripted-claude/package.json')))
  return await startChild([bin, '--port', '0', '--host', host, '--script', path('script.json')], {
    PATH: process.env.PATH ?? '',
  })
}

class Lab {
  #folder
  #model
  #bin
  #servers = 0

  constructor(folder, model, bin) {
    this.#bin = bin
    this.#folder = folder
    this.#model = model
  }

  /** A folder for one purpose; made. */
  async folder(name) {
    const made = join(this.#folder, name)
    await mkdir(made, { recursive: true })
    return made
  }

  /** A model of its own, at an address of this machine. */
  async startModel(host) {
    return await startModel(host)
  }

  /** The explicit environment of one side; each side has a home of its own. */
  async environment(side) {
    return {
      PATH: process.env.PATH ?? '',
      HOME: await this.folder(`${side}-home`),
      ANTHROPIC_API_KEY: 'scripted',
      ANTHROPIC_BASE_URL: this.#model.url,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_TELEMETRY: '1',
      DISABLE_AUTOUPDATER: '1',
      ...(process.getuid?.() === 0 ? { IS_SANDBOX: '1' } : {}),
    }
  }

  /** A data directory that no server has had. */
  async dataDir() {
    return await this.folder(`data-${(this.#servers += 1)}`)
  }

  /**
   * A server as users start it, on a data directory of its own unless one is given. `flags` are for Node, `settings`
   * are variables of the server.
   */
  async startServer({ flags = [], settings = {}, dataDir } = {}) {
    const data = dataDir ?? (await this.dataDir())
    const workspace = await this.folder('our-workspace')
    const args = [...flags, this.#bin, '--port', '0', '--data-dir', data, '--workspace', workspace]
    return await startChild(args, { ...(await this.environment('our')), ...settings })
  }

  /** A module of the server that is measured, by its place in `dist`. */
  async product(name) {
    return await import(this.productUrl(name))
  }

  /** Where it is; that of all of `dist` for ''. */
  productUrl(name) {
    return new URL(name, pathToFileURL(`${dirname(dirname(this.#bin))}/`)).href
  }

  /** A server with a client that is connected, its agent parked and at rest. */
  async connect({ flags, ...options } = {}) {
    const server = await this.startServer({ flags })
    const client = new ClaudeAgentClient({ connectionUrl: server.url, ...options })
    await client.start()
    await untilParked(server.id)
    const stop = async () => {
      await client.stop()
      await server.stop()
    }
    return { server, client, stop }
  }

  /** Ends every process but the model that is left, by a figure that failed. */
  async clear() {
    await stopChildren(this.#model)
  }

  async close() {
    await stopChildren()
  }
}
