import { existsSync, watch, type FSWatcher } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { Refusal } from './answer.ts'
import type { ConnectStream } from './connect-stream.ts'
import { describe } from './envd-filesystem.ts'
import { placeOf } from './sandbox-root.ts'
import type { DoubleSandbox } from './sandbox.ts'

/** `WatchDir`: what happens in a folder, until the caller hangs up or its deadline is over. */
export async function watchFolder(
  { root }: DoubleSandbox,
  message: { path: string; recursive?: boolean; includeEntry?: boolean },
  user: string,
  stream: ConnectStream,
): Promise<void> {
  const folder = placeOf(root, message.path, user)
  const found = await stat(folder).catch(() => undefined)
  if (found === undefined) throw new Refusal(404, `path not found: ${message.path}`)
  if (!found.isDirectory()) throw new Refusal(400, `path is not a directory: ${message.path}`)
  const tree = new WatchedTree(message.recursive ?? false, (kind, place) => {
    void (async () => {
      const type =
        kind === 'change' ? 'EVENT_TYPE_WRITE' : existsSync(place) ? 'EVENT_TYPE_CREATE' : 'EVENT_TYPE_REMOVE'
      const entry =
        message.includeEntry === true ? await describe(root, place).catch(() => undefined) : undefined
      const name = relative(folder, place)
      stream.send({ filesystem: { name, type, ...(entry === undefined ? {} : { entry }) } })
    })()
  })
  stream.onEnd(() => tree.close())
  await tree.add(folder)
  stream.send({ start: {} })
}

/** One watcher per folder: Node's own `recursive` misses writes to new files on Linux. */
class WatchedTree {
  readonly #watchers = new Map<string, FSWatcher>()
  readonly #isDeep: boolean
  readonly #hear: (kind: 'rename' | 'change', place: string) => void
  #isClosed = false

  constructor(isDeep: boolean, hear: (kind: 'rename' | 'change', place: string) => void) {
    this.#isDeep = isDeep
    this.#hear = hear
  }

  async add(folder: string): Promise<void> {
    if (this.#isClosed || this.#watchers.has(folder)) return
    const watcher = watch(folder)
    this.#watchers.set(folder, watcher)
    watcher.on('error', () => this.#drop(folder))
    watcher.on('change', (kind, name) => {
      const place = join(folder, name.toString())
      // A folder that is removed tells its own name.
      if (!existsSync(folder) && dirname(place) === folder) this.#drop(folder)
      this.#hear(kind as 'rename' | 'change', place)
      if (this.#isDeep && kind === 'rename') void this.#addBelow(place)
    })
    if (this.#isDeep) {
      const entries = await readdir(folder, { withFileTypes: true })
      for (const entry of entries) if (entry.isDirectory()) await this.add(join(folder, entry.name))
    }
  }

  close(): void {
    this.#isClosed = true
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  async #addBelow(place: string): Promise<void> {
    const found = await stat(place).catch(() => undefined)
    if (found?.isDirectory() === true) await this.add(place).catch(() => {})
  }

  #drop(folder: string): void {
    this.#watchers.get(folder)?.close()
    this.#watchers.delete(folder)
  }
}
