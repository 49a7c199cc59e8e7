import { signal } from '../support/processes.ts'
import { pause } from '../support/until.ts'
import type { Conversation } from './conversation.ts'
import type { Disk } from './disk.ts'
import type { Journal } from './journal.ts'
import type { Random } from './random.ts'
import type { ServerHost } from './server-host.ts'

/** How often each fault comes, in proportion. */
const FAULTS = {
  killAgent: 40,
  killServer: 12,
  stopServer: 6,
  drop: 12,
  cut: 12,
  vanish: 6,
  stall: 9,
  fillDisk: 3,
} as const

export interface FaultsParts {
  host: ServerHost
  journal: Journal
  random: Random
  disk: Disk | undefined
  conversations: () => readonly Conversation[]
  /** Milliseconds between two faults, on average. */
  everyMs: number
}

/** What goes wrong in a run. */
export class Faults {
  readonly #parts: FaultsParts
  /** Faults that last. */
  readonly #lasting = new Set<Promise<void>>()
  #isStopped = false

  constructor(parts: FaultsParts) {
    this.#parts = parts
  }

  async run(): Promise<void> {
    const { random, everyMs } = this.#parts
    while (!this.#isStopped) {
      await pause(random.between(everyMs / 4, (everyMs * 7) / 4))
      if (!this.#isStopped) await this.#one()
    }
    await Promise.all(this.#lasting)
  }

  /** Nothing goes wrong any more; `run()` resolves when what lasts is over. */
  stop(): void {
    this.#isStopped = true
  }

  async #one(): Promise<void> {
    const fault = this.#parts.random.weighted(FAULTS)
    switch (fault) {
      case 'killAgent':
        return await this.#killAgent()
      case 'killServer':
        return await this.#restart('SIGKILL')
      case 'stopServer':
        return await this.#restart('SIGTERM')
      case 'fillDisk':
        return this.#parts.disk === undefined ? undefined : this.#keep(this.#fillDisk(this.#parts.disk))
      default:
        return this.#disturb(fault)
    }
  }

  async #killAgent(): Promise<void> {
    const { host, journal, random } = this.#parts
    const agents = await host.agents()
    if (agents.length === 0) return
    const { id } = random.pick(agents)
    signal(id, 'SIGKILL')
    journal.count('agentKills')
    journal.note('agent killed', id)
  }

  async #restart(name: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const { host, journal, random } = this.#parts
    journal.count(name === 'SIGKILL' ? 'serverKills' : 'serverStops')
    journal.note(`server ${name}`, host.pid)
    await host.end(name)
    if (random.chance(0.5)) await pause(random.between(0, 1500))
    await host.start()
  }

  #disturb(fault: 'drop' | 'cut' | 'vanish' | 'stall'): void {
    const { conversations, journal, random } = this.#parts
    const conversation = random.pick(conversations())
    const index = random.between(0, conversation.networks.length - 1)
    const network = conversation.networks[index]!
    const reader = conversation.readers[index]!
    journal.note(fault, reader.parts.ledger.name)
    if (fault === 'drop') {
      journal.count('drops')
      network.drop()
    } else if (fault === 'cut') {
      journal.count('cuts')
      network.cut(random.chance(0.75) ? 'down' : 'up')
    } else if (fault === 'vanish') {
      journal.count('vanished')
      network.vanish()
      // The client finds out before the server does.
      this.#keep(pause(random.between(100, 3000)).then(() => reader.abandon()))
    } else {
      journal.count('stalls')
      network.stall()
      this.#keep(pause(random.between(200, 6000)).then(() => network.flow()))
    }
  }

  async #fillDisk(disk: Disk): Promise<void> {
    const { journal, random } = this.#parts
    if (disk.isFull) return
    journal.count('diskFills')
    journal.note('disk full')
    await disk.fill()
    await pause(random.between(300, 4000))
    await disk.free()
    journal.note('disk free')
  }

  #keep(lasting: Promise<void>): void {
    this.#lasting.add(lasting)
    void lasting.finally(() => this.#lasting.delete(lasting))
  }
}
