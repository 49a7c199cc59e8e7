import { mkdir, open, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { drawUuid } from '../random.ts'
import { storageFull } from '../log/event-log.ts'
import { oneByOne } from '../log/grouped.ts'
import { syncDirectory } from '../log/log-identity.ts'
import { JsonlLog, type JsonlLogOptions } from '../log/jsonl-log.ts'
import { readRecord, sizeOfLog, writeRecord, type SessionRecord } from './record.ts'

/** Ends the name of the folder of a session that is deleted; no id can. */
const DELETED = '.deleted'
/** The file with the ids of deleted sessions; no id can be its name. */
const NOTE = '.deleted'
/** Begins the name of the folder of a session that is being made; no id does. */
const STAGED = '.staged-'
/** Deleted sessions that are remembered. */
const REMEMBERED = 100_000

/** Where the sessions are kept: a folder for each, with its record and its log. */
export class SessionStore {
  readonly #folder: string
  readonly #logOptions: JsonlLogOptions
  readonly #deleted: Set<string>
  readonly #saves = new Map<string, ReturnType<typeof oneByOne>>()

  private constructor(folder: string, logOptions: JsonlLogOptions, deleted: Iterable<string>) {
    this.#folder = folder
    this.#logOptions = logOptions
    this.#deleted = new Set(deleted)
  }

  static async open(folder: string, logOptions: JsonlLogOptions): Promise<SessionStore> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const deleted = await readFile(join(folder, NOTE), 'utf8').catch(() => '')
    return new SessionStore(folder, logOptions, deleted.split('\n').slice(-REMEMBERED))
  }

  /** Every session that there is, the oldest first, and whether something happened since it was at rest. */
  async list(): Promise<{ record: SessionRecord; isAtRest: boolean }[]> {
    const names = await readdir(this.#folder, { withFileTypes: true })
    const found = await Promise.all(
      names.filter((entry) => entry.isDirectory()).map(async ({ name }) => await this.#look(name)),
    )
    return found
      .filter((entry) => entry !== undefined)
      .sort(
        ({ record: one }, { record: other }) =>
          one.createdAt - other.createdAt || (one.id < other.id ? -1 : 1),
      )
  }

  wasDeleted(id: string): boolean {
    return this.#deleted.has(id)
  }

  /** @throws AgentServerError `storage_full` */
  async openLog(id: string, beforeDrop?: () => Promise<boolean>): Promise<JsonlLog> {
    const options = { ...this.#logOptions, ...(beforeDrop === undefined ? {} : { beforeDrop }) }
    return await JsonlLog.open(this.#folderOf(id), options).catch(full)
  }

  /** Writes a record, after those of the same session before it. @throws AgentServerError `storage_full` */
  async save(record: SessionRecord, isDurable: boolean): Promise<void> {
    const { id } = record
    const write = async (): Promise<void> => {
      if (!this.#deleted.has(id)) await writeRecord(this.#folderOf(id), record, isDurable)
    }
    await this.#inTurn(id)(write).catch(full)
  }

  /** A folder in which a session can be made ready; gone at the next start of a server. */
  async stage(): Promise<string> {
    const folder = join(this.#folder, `${STAGED}${drawUuid()}`)
    await mkdir(folder, { mode: 0o700 }).catch(full)
    return folder
  }

  /** A folder that was made ready becomes that of a session, in one step. @throws AgentServerError `storage_full` */
  async adopt(folder: string, record: SessionRecord): Promise<void> {
    await this.#inTurn(record.id)(async () => {
      await writeRecord(folder, record, true)
      await rename(folder, this.#folderOf(record.id))
      await syncDirectory(this.#folder)
    }).catch(full)
  }

  /** Bytes of a session's log. */
  sizeOfLog(id: string): number {
    return sizeOfLog(this.#folderOf(id))
  }

  /** The id of a session is not free any more, from now on. */
  markDeleted(id: string): void {
    this.#deleted.add(id)
  }

  /** Removes a session that was closed, also from a full disk: its folder stays as a mark until that is noted. */
  async remove(id: string): Promise<void> {
    const folder = this.#folderOf(id)
    await this.#inTurn(id)(() => rename(folder, `${folder}${DELETED}`))
    this.#saves.delete(id)
    await syncDirectory(this.#folder)
    await this.#clear(id).catch(() => {})
  }

  /** Removes what there is of a session that never came to be. */
  async discard(id: string): Promise<void> {
    await rm(this.#folderOf(id), { recursive: true, force: true })
  }

  async #clear(id: string): Promise<void> {
    const folder = `${this.#folderOf(id)}${DELETED}`
    for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true })
    const file = await open(join(this.#folder, NOTE), 'a', 0o600)
    try {
      await file.appendFile(`${id}\n`)
      await file.datasync()
    } finally {
      await file.close()
    }
    await rmdir(folder)
  }

  async #look(name: string): Promise<{ record: SessionRecord; isAtRest: boolean } | undefined> {
    const folder = join(this.#folder, name)
    if (name.endsWith(DELETED)) {
      const id = name.slice(0, -DELETED.length)
      this.#deleted.add(id)
      await this.#clear(id).catch(() => {})
      return undefined
    }
    if (name.startsWith(STAGED)) {
      await rm(folder, { recursive: true, force: true }).catch(() => {})
      return undefined
    }
    // Small files, by the thousand: the way through the thread pool takes longer than all of them.
    if (this.#deleted.has(name)) {
      await this.discard(name)
      return undefined
    }
    const record = readRecord(folder)
    if (record === undefined || record.id !== name) return undefined
    return { record, isAtRest: record.rest?.bytes === sizeOfLog(folder) }
  }

  /** What is written and removed of one session goes one after another. */
  #inTurn(id: string): ReturnType<typeof oneByOne> {
    const inTurn = this.#saves.get(id) ?? oneByOne()
    this.#saves.set(id, inTurn)
    return inTurn
  }

  #folderOf(id: string): string {
    return join(this.#folder, id)
  }
}

function full(cause: unknown): never {
  throw storageFull(cause)
}
