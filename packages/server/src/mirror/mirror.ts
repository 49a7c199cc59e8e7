import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { MirrorHealth } from '@claude-agent/protocol'
import type { AgentHost } from '../agent/agent-host.ts'
import type { Session } from '../session/session.ts'
import type { Sessions } from '../session/sessions.ts'
import type { MirrorStore } from './mirror-store.ts'
import { Outbox } from './outbox.ts'
import { cutSection } from './section-cutter.ts'

/** How often sessions are looked at for something new. */
const LOOK_MS = 1000
/** Looks after the last event: a transcript is written a moment later. */
const AFTER = 5
/** What the store gets at the end of the server. */
const LAST_MS = 3_000
/** Sections of a session that may wait. */
const MAX_COUNT = 10_000
/** Pauses after the store took nothing: the first one, and the longest. */
const PAUSE_MS = 1000
const MAX_PAUSE_MS = 60_000

export interface MirrorParts {
  /** Where sections wait. */
  folder: string
  store: MirrorStore
  sessions: Sessions
  host: AgentHost
  /** Bytes that may wait. */
  maxBytes: number
  lookMs?: number
  pauseMs?: number
}

/** What is mirrored of one session. */
interface Copy {
  outbox: Outbox
  /** The last event at the last look, and how many looks there are to come without a further one. */
  lastSeq: number
  looks: number
}

/**
 * Copies all sessions to a store outside of the server, piece by piece and in order. What was cut waits on disk until the
 * store has it, however long that takes; agents and clients wait for nothing of it.
 */
export class Mirror {
  readonly #parts: MirrorParts
  readonly #copies = new Map<string, Copy>()
  #isFull = false
  #isFailing = false
  readonly #closing = new AbortController()
  #work: Promise<unknown> = Promise.resolve()

  private constructor(parts: MirrorParts) {
    this.#parts = parts
  }

  /** Takes up what waits, and begins. */
  static async open(parts: MirrorParts): Promise<Mirror> {
    const mirror = new Mirror(parts)
    for (const entry of await readdir(parts.folder, { withFileTypes: true }).catch(() => []))
      if (entry.isDirectory()) await mirror.#copyOf(entry.name)
    mirror.#work = Promise.all([mirror.#lookOn(), mirror.#sendOn()])
    return mirror
  }

  health(): MirrorHealth {
    const outboxes = [...this.#copies.values()].map(({ outbox }) => outbox)
    const oldest = Math.min(...outboxes.map(({ oldest: waiting }) => waiting?.since ?? Infinity))
    return {
      state: this.#isFull ? 'full' : this.#isFailing ? 'failing' : 'ok',
      pendingBytes: this.#bytes,
      lagMs: oldest === Infinity ? 0 : Math.max(0, Math.round(Date.now() - oldest)),
    }
  }

  /** Takes a last look and gives the store a few seconds more; what it does not take waits for the next start. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#work
    await this.#look()
    await this.#send(AbortSignal.timeout(LAST_MS))
  }

  get #bytes(): number {
    return [...this.#copies.values()].reduce((sum, { outbox }) => sum + outbox.bytes, 0)
  }

  async #lookOn(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      await this.#look()
      await this.#pause(this.#parts.lookMs ?? LOOK_MS)
    }
  }

  async #sendOn(): Promise<void> {
    const { pauseMs: first = PAUSE_MS } = this.#parts
    for (let pauseMs = first; !this.#closing.signal.aborted;) {
      const isTaken = await this.#send(this.#closing.signal)
      pauseMs = isTaken ? first : Math.min(pauseMs * 2, MAX_PAUSE_MS)
      if (!isTaken || this.#bytes === 0) await this.#pause(pauseMs)
    }
  }

  /** Puts up what is new in all sessions. */
  async #look(): Promise<void> {
    let fault: string | undefined
    for (const id of this.#parts.sessions.list.ids) {
      try {
        fault = (await this.#lookAt(id)) ?? fault
      } catch (error) {
        // A full disk, for one. Nothing is lost: it is where it was, and is looked at again.
        fault = (error as Error).message
      }
    }
    if (fault !== undefined && !this.#isFull)
      console.error(`claude-agent-server: the mirror falls behind: ${fault}. It goes on when there is room.`)
    this.#isFull = fault !== undefined
  }

  /** Puts up what is new in a session; gives why that cannot be. */
  async #lookAt(id: string): Promise<string | undefined> {
    const { sessions, maxBytes } = this.#parts
    const reach = await sessions.list.reachOf(id)
    if (reach === undefined) return undefined
    const copy = await this.#copyOf(id)
    if (reach.lastSeq !== copy.lastSeq) copy.looks = AFTER
    else if (copy.looks === 0) return undefined
    copy.looks -= 1
    copy.lastSeq = reach.lastSeq
    const { log } = copy.outbox.position ?? {}
    if (!reach.isOpen && log?.seq === reach.lastSeq && log.id === reach.log) return undefined
    const session = await sessions.open(id)
    do {
      const { count } = copy.outbox
      if (this.#bytes <= maxBytes && count < MAX_COUNT) continue
      copy.looks = AFTER
      return `${this.#bytes} bytes wait already, of this session in ${count} sections, which is the limit`
    } while (await this.#cut(copy, session))
    return undefined
  }

  async #cut({ outbox }: Copy, session: Session): Promise<boolean> {
    const home = this.#parts.host.home(session.options.config)
    const section = await cutSection(session, home, outbox.position)
    if (section === undefined) return false
    const { generation } = section.position
    if (outbox.position !== undefined && outbox.position.generation !== generation)
      console.error(
        `claude-agent-server: the mirror of the session '${session.id}' begins anew as ${generation}: events were dropped before they were mirrored, or the log is another one.`,
      )
    await outbox.add(section.position, section.bytes)
    return true
  }

  /** Offers the store the oldest section of each session. Gives false when it did not take one. */
  async #send(signal: AbortSignal): Promise<boolean> {
    let fault: Error | undefined
    for (const [id, { outbox }] of this.#copies) {
      const { oldest } = outbox
      if (oldest === undefined) {
        if (this.#parts.sessions.record(id) === undefined) await this.#forget(id)
        continue
      }
      try {
        const name = `${id}/${oldest.generation}/${String(oldest.number).padStart(12, '0')}.part`
        await this.#parts.store.put(name, await readFile(oldest.path), signal)
        await outbox.taken()
      } catch (error) {
        if (signal.aborted) return false
        fault = error as Error
        continue
      }
    }
    if (fault !== undefined && !this.#isFailing)
      console.error(`claude-agent-server: the mirror takes nothing: ${fault.message}. It is tried again.`)
    this.#isFailing = fault !== undefined
    return fault === undefined
  }

  async #copyOf(id: string): Promise<Copy> {
    const known = this.#copies.get(id)
    if (known !== undefined) return known
    const outbox = await Outbox.open(join(this.#parts.folder, id))
    const copy: Copy = { outbox, lastSeq: -1, looks: AFTER }
    this.#copies.set(id, copy)
    return copy
  }

  /** A session was deleted, and everything of it that waited was taken. */
  async #forget(id: string): Promise<void> {
    this.#copies.delete(id)
    await rm(join(this.#parts.folder, id), { recursive: true, force: true })
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#closing.signal }).catch(() => {})
  }
}
