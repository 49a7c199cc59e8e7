import { randomBytes } from 'node:crypto'
import { lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProcessIdentity } from './processes.ts'
import { parseState } from './parse-state.ts'

/** What is kept of a sandbox, in its folder, for its owner only. No variable of the server but its token. */
export interface SandboxState {
  id: string
  token: string
  metadata: Record<string, string>
  createdAt: number
  /** When the server ends by its lease, as far as is known here, in milliseconds since 1970. */
  expiresAt: number
  onTimeout: 'kill' | 'pause'
  /** It was paused: there is no server, and none of its time passes. */
  isPaused: boolean
  isolation: 'none' | 'namespaces'
  /** Names of the variables that it was given. Their values are on no disk, so a restart has to be given them again. */
  variables: string[]
  /** What to kill: the server or, in namespaces, the process with which all others there end. */
  process?: ProcessIdentity
  /** Where the server listens. */
  port?: number
}

/** The folders of a sandbox. The sandbox itself is shown `home`, `workspace` and `data` only. */
export interface Layout {
  folder: string
  home: string
  workspace: string
  data: string
  /** What the server printed when it was started last. */
  log: string
  /** Held by who starts or ends it this moment. */
  lock: string
}

const ID = /^[0-9a-f]{16}$/
/** A folder without a state is one that is being made or removed; after this long its maker is dead. */
const FORGOTTEN_MS = 60 * 60 * 1000

/** Where the sandboxes of this machine are kept. */
export class StateFolder {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  layout(id: string): Layout {
    const folder = join(this.#root, id)
    const [home, workspace, data, log, lock] = ['home', 'workspace', 'data', 'server.log', 'lock'].map(
      (name) => join(folder, name),
    )
    return { folder, home: home!, workspace: workspace!, data: data!, log: log!, lock: lock! }
  }

  /** Makes the folders of a sandbox with an id of its own. */
  async create(state: Omit<SandboxState, 'id'>): Promise<SandboxState> {
    const id = randomBytes(8).toString('hex')
    const { folder, home, workspace, data } = this.layout(id)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    for (const path of [home, workspace, data]) await mkdir(path, { mode: 0o700 })
    const whole = { ...state, id }
    await this.write(whole)
    return whole
  }

  /** Undefined when there is no such sandbox, or what is kept of it makes no sense. */
  async read(id: string): Promise<SandboxState | undefined> {
    if (!ID.test(id)) return undefined
    try {
      return parseState(id, await readFile(join(this.#root, id, 'state.json'), 'utf8'))
    } catch {
      return undefined
    }
  }

  /** Replaces the state as a whole: who reads meanwhile sees the old one or the new one. */
  async write(state: SandboxState): Promise<void> {
    const path = join(this.#root, state.id, 'state.json')
    const fresh = `${path}.${randomBytes(4).toString('hex')}`
    await writeFile(fresh, JSON.stringify(state), { mode: 0o600, flag: 'wx' })
    await rename(fresh, path)
  }

  /** Every sandbox that has a state, the oldest first. */
  async readAll(): Promise<SandboxState[]> {
    const names = await readdir(this.#root).catch((): string[] => [])
    const found = await Promise.all(names.map((name) => this.read(name)))
    return found.filter((state) => state !== undefined).sort((a, b) => a.createdAt - b.createdAt)
  }

  /** Removes a sandbox's folder. The state goes first: from then on it is gone for everybody. */
  async remove(id: string): Promise<void> {
    const { folder } = this.layout(id)
    await rm(join(folder, 'state.json'), { force: true })
    // A process that was killed this moment may still be writing.
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }

  /** Also one that cannot be read: there may be work in that folder. */
  async #hasState(id: string): Promise<boolean> {
    return await lstat(join(this.#root, id, 'state.json')).then(
      () => true,
      ({ code }: NodeJS.ErrnoException) => code !== 'ENOENT',
    )
  }

  /** Removes what a creator that died left half made. */
  async removeForgotten(): Promise<void> {
    for (const name of await readdir(this.#root).catch((): string[] => [])) {
      if (!ID.test(name) || (await this.#hasState(name))) continue
      const info = await lstat(join(this.#root, name)).catch(() => undefined)
      if (info !== undefined && Date.now() - info.mtimeMs > FORGOTTEN_MS) await this.remove(name)
    }
  }
}
