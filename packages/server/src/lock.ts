import { randomUUID } from 'node:crypto'
import { link, open, rename, rm, unlink, type FileHandle } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { AgentServerError } from '@claude-agent/protocol'

const NAME = 'server.lock'
const ATTEMPTS = 5

/**
 * Holds a data directory for one server. The lock is a listening socket in it, so that the system itself drops it when
 * its owner dies, however it dies; no process id can be mistaken for another's.
 */
export class DataDirLock {
  readonly #server: Server
  readonly #folder: FileHandle
  readonly #path: string

  private constructor(server: Server, folder: FileHandle, path: string) {
    this.#server = server
    this.#folder = folder
    this.#path = path
  }

  /** @throws AgentServerError `data_dir_in_use` */
  static async acquire(dataDir: string): Promise<DataDirLock> {
    const folder = await open(dataDir, 'r')
    // The path of a socket is limited to about 100 bytes; by way of the descriptor it is always short.
    const base = process.platform === 'linux' ? `/proc/self/fd/${folder.fd}` : dataDir
    const server = createServer((socket) => socket.destroy())
    const own = `lock-${randomUUID().slice(0, 8)}`
    try {
      await listen(server, `${base}/${own}`)
      const held = await take(base, own)
      await unlink(`${base}/${own}`).catch(() => {})
      if (!held) throw inUse(dataDir)
    } catch (error) {
      server.close()
      await folder.close()
      throw error
    }
    server.unref()
    return new DataDirLock(server, folder, join(dataDir, NAME))
  }

  async release(): Promise<void> {
    await rm(this.#path, { force: true })
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
    await this.#folder.close()
  }
}

/** Gives the socket `own` the name of the lock, unless a living server has it. */
async function take(base: string, own: string): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const linked = await link(`${base}/${own}`, `${base}/${NAME}`).then(
      () => true,
      () => false,
    )
    if (linked) return true
    if (await answers(`${base}/${NAME}`)) return false
    // Its owner is dead. The name is moved away, not removed: if another server took it this moment, it gets it back.
    const aside = `${base}/${own}.old`
    await rename(`${base}/${NAME}`, aside).catch(() => {})
    if (await answers(aside)) await link(aside, `${base}/${NAME}`).catch(() => {})
    await unlink(aside).catch(() => {})
  }
  return false
}

/** How a socket refuses that nobody listens at, or something that is no socket. */
const DEAD = new Set(['ECONNREFUSED', 'ENOENT', 'ENOTSOCK'])

/** Whether somebody listens at a socket. When in doubt somebody does. */
async function answers(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      resolve(true)
      socket.destroy()
    })
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(!DEAD.has(code ?? '')))
    socket.once('close', () => resolve(true))
  })
}

async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
}

function inUse(dataDir: string): AgentServerError {
  return new AgentServerError({
    code: 'data_dir_in_use',
    message: `Another server uses the data directory ${dataDir}.`,
    hint: 'Stop it, or give this one a CLAUDE_AGENT_DATA_DIR, CLAUDE_AGENT_WORKSPACE and PORT of its own.',
  })
}
