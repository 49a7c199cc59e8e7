import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { syncDirectory } from '../log/log-identity.ts'
import type { MirrorPosition } from './section-cutter.ts'

const POSITION = 'position.json'
const WAITING = /^(\d{12})\.([\w-]+)\.part$/

type Place = Pick<MirrorPosition, 'number' | 'generation'>

/** A section that waits to be taken by the store. */
export interface Waiting {
  number: number
  generation: string
  path: string
  bytes: number
  /** Milliseconds since 1970. */
  since: number
}

/**
 * Sections that wait on disk for a session to be taken by the store, each made once: whatever happens, it is the same
 * bytes under the same name until it was taken. Beside them lies how far they reach.
 */
export class Outbox {
  readonly #folder: string
  readonly #waiting: Waiting[] = []
  #position: MirrorPosition | undefined
  #bytes = 0

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** Finds what was left, however the server ended. */
  static async open(folder: string): Promise<Outbox> {
    const outbox = new Outbox(folder)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    outbox.#position = await readPosition(join(folder, POSITION))
    const names = await readdir(folder)
    for (const name of names.filter((one) => one.endsWith('.new'))) {
      const number = Number.parseInt(name, 10)
      // Whole, and counted, but not under its name yet; or not counted, and so to be made again.
      if (number === outbox.#position?.number)
        await rename(join(folder, name), join(folder, name.replace(/\.new$/, '')))
      else await rm(join(folder, name))
    }
    for (const name of (await readdir(folder)).sort()) {
      const [, number, generation] = WAITING.exec(name) ?? []
      if (generation !== undefined) await outbox.#add({ number: Number(number), generation })
    }
    return outbox
  }

  /** How far the sections reach that were made; undefined when none was. */
  get position(): MirrorPosition | undefined {
    return this.#position
  }

  get bytes(): number {
    return this.#bytes
  }

  /** How many wait. */
  get count(): number {
    return this.#waiting.length
  }

  /** The one that is to be taken next. */
  get oldest(): Waiting | undefined {
    return this.#waiting[0]
  }

  /** Adds a section; `position` is how far it reaches. Nothing of it stays when that fails. */
  async add(position: MirrorPosition, section: AsyncIterable<Buffer>): Promise<void> {
    const path = `${this.#pathOf(position)}.new`
    try {
      await write(path, section)
      await write(join(this.#folder, `${POSITION}.tmp`), [Buffer.from(JSON.stringify(position))])
      await rename(join(this.#folder, `${POSITION}.tmp`), join(this.#folder, POSITION))
      await syncDirectory(this.#folder)
    } catch (error) {
      await rm(path, { force: true }).catch(() => {})
      throw error
    }
    this.#position = position
    await rename(path, this.#pathOf(position))
    await this.#add(position)
  }

  /** The oldest was taken. */
  async taken(): Promise<void> {
    const [oldest] = this.#waiting
    if (oldest === undefined) return
    await rm(oldest.path, { force: true })
    this.#bytes -= oldest.bytes
    this.#waiting.shift()
  }

  async #add({ number, generation }: Place): Promise<void> {
    const path = this.#pathOf({ number, generation })
    const { size, mtimeMs } = await stat(path)
    this.#bytes += size
    this.#waiting.push({ number, generation, path, bytes: size, since: mtimeMs })
  }

  #pathOf({ number, generation }: Place): string {
    return join(this.#folder, `${String(number).padStart(12, '0')}.${generation}.part`)
  }
}

/** What is written of it; undefined when nothing is, or nothing that can be read: then the session is copied anew. */
async function readPosition(path: string): Promise<MirrorPosition | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as MirrorPosition
  } catch {
    return undefined
  }
}

async function write(path: string, chunks: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<void> {
  const file = await open(path, 'w', 0o600)
  try {
    for await (const chunk of chunks) await file.appendFile(chunk)
    await file.sync()
  } finally {
    await file.close()
  }
}
