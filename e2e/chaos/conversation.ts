import type { LoggedEvent } from '@claude-agent/protocol'
import type { Network } from '../support/network.ts'
import { pause } from '../support/until.ts'
import { Answerer } from './answerer.ts'
import { call, Refused } from './call.ts'
import { Doors } from './doors.ts'
import type { Journal } from './journal.ts'
import { Ledger } from './ledger.ts'
import type { Prompt } from './prompt.ts'
import type { Random } from './random.ts'
import { PageReader } from './readers/page-reader.ts'
import type { Reader, ReaderParts } from './readers/reader.ts'
import { SocketReader } from './readers/socket-reader.ts'
import { StreamReader } from './readers/stream-reader.ts'
import type { ServerHost } from './server-host.ts'
import { Talker } from './talker.ts'
import { Watch } from './watch.ts'

/** Events that bring a session nearer to its end; agents that come and go do not. */
const MOVES: ReadonlySet<string> = new Set(['sdk_message', 'ask_settled', 'prompt_ended'])

export interface ConversationParts {
  name: string
  host: ServerHost
  journal: Journal
  random: Random
}

/** A session of the run with all who deal with it: readers of each kind, one who talks, one who answers. */
export class Conversation {
  readonly name: string
  readonly watch = new Watch()
  readonly readers: Reader[] = []
  readonly talker: Talker
  readonly answerer: Answerer
  /** The prompt after which the whole history is looked at. */
  last: Prompt | undefined
  /** The number of the last event when everything had settled. */
  settledSeq = 0
  readonly #parts: ConversationParts
  readonly #networks: Network[]
  readonly #doors: Doors
  #answering: Promise<void> = Promise.resolve()

  private constructor(parts: ConversationParts, networks: Network[]) {
    const { name, host, journal, random } = parts
    this.name = name
    this.#parts = parts
    this.#networks = networks
    const part = (kind: string, network: Network): ReaderParts => {
      const ledger = new Ledger(`${name}-${kind}`, journal, (event) => this.#hear(event))
      return { session: name, ledger, network, journal, random: random.of(kind) }
    }
    const [ada, bob, stream, page] = networks
    const sockets = [new SocketReader(part('ada', ada!)), new SocketReader(part('bob', bob!))]
    this.readers.push(
      ...sockets,
      new StreamReader(part('stream', stream!)),
      new PageReader(part('page', page!)),
    )
    const ports = (): number[] => [host.port, page!.port]
    this.#doors = new Doors({ session: name, ports, sockets, random: random.of('doors') })
    const people = { session: name, doors: this.#doors, journal }
    this.talker = new Talker({ ...people, watch: this.watch, random: random.of('talker') })
    this.answerer = new Answerer({ ...people, random: random.of('answerer') })
  }

  /** Creates the session and lets everybody in. */
  static async begin(parts: ConversationParts): Promise<Conversation> {
    const { name, host, journal, random } = parts
    const networks = await Promise.all(Array.from({ length: 4 }, () => host.network()))
    const options = random.chance(0.6) ? { permissionMode: 'default' } : {}
    journal.note('session', { name, options })
    for (;;) {
      try {
        await call(host.port, 'POST', '/sessions', { id: name, options })
        break
      } catch (error) {
        const isPassing = !(error instanceof Refused) || /storage_full|stopping|internal/.test(error.code)
        if (!isPassing) journal.violate('a session was not created', { name, error: String(error) })
        await pause(200)
      }
    }
    journal.count('sessions')
    const conversation = new Conversation(parts, networks)
    conversation.open()
    return conversation
  }

  /** Lets readers and the one who answers in. */
  open(): void {
    for (const reader of this.readers) reader.start()
    this.#answering = this.answerer.run()
  }

  /** Everybody but the one who answers leaves, until the end. */
  async rest(): Promise<void> {
    this.answerer.hurry()
    await Promise.all(this.readers.map((reader) => reader.stop()))
  }

  /** The networks of the readers, for faults. */
  get networks(): readonly Network[] {
    return this.#networks
  }

  /** With no faults any more: resolves when every prompt has ended and the session is idle. */
  async settle(timeoutMs: number): Promise<void> {
    this.answerer.hurry()
    this.talker.stop()
    await this.talker.settled()
    for (const reader of this.readers) if (reader.isStopped) reader.start()
    await this.#idle(timeoutMs)
    this.last = await this.talker.say('plain')
    const { uuid } = this.last
    await this.#until('the last prompt has ended', () => this.watch.ended.has(uuid), timeoutMs)
    await this.#idle(timeoutMs)
    const info = await this.#doors.info().catch(() => ({}))
    const { lastSeq = Infinity } = info as { lastSeq?: number }
    this.settledSeq = lastSeq
    const all = this.readers.map(({ parts }) => parts.ledger)
    await this.#until(
      'every reader has everything',
      () => all.every((ledger) => ledger.lastSeq >= this.settledSeq),
      timeoutMs,
    )
  }

  async close(): Promise<void> {
    this.answerer.stop()
    await Promise.all([...this.readers.map((reader) => reader.stop()), this.#answering])
  }

  #hear(event: LoggedEvent): void {
    if (event.seq > this.watch.lastSeq && MOVES.has(event.type)) this.#parts.journal.move()
    this.watch.hear(event)
  }

  async #idle(timeoutMs: number): Promise<void> {
    await this.#until(
      'the session is idle',
      async () => {
        const { status, queuedPrompts } = await this.#doors.info().catch((): Record<string, unknown> => ({}))
        return status === 'idle' && queuedPrompts === 0 && this.watch.open.length === 0
      },
      timeoutMs,
    )
  }

  async #until(what: string, holds: () => boolean | Promise<boolean>, timeoutMs: number): Promise<void> {
    const { journal } = this.#parts
    const begun = Date.now()
    // Others may be first in line: only when nothing moves at all, it will never be.
    const isStuck = (): boolean => Math.min(journal.stillMs, Date.now() - begun) > timeoutMs
    while (!(await holds())) {
      if (!isStuck()) {
        await pause(100)
        continue
      }
      const info = await this.#doors.info().catch((error: unknown) => String(error))
      const readers = this.readers.map(({ parts: { ledger } }) => `${ledger.name} ${ledger.lastSeq}`)
      const open = this.watch.open.map(
        (uuid) => this.talker.prompts.find((prompt) => prompt.uuid === uuid)?.id,
      )
      return journal.violate(`never: ${what}`, { session: this.name, open, readers, info })
    }
  }
}
