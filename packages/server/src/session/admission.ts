import { drawUuid } from '../random.ts'
import type { LoggedEvent, MessageAccepted, UserMessageInput } from '@claude-agent/protocol'
import type { Feed } from '../log/feed.ts'
import { hashOf } from '../policy/fingerprint.ts'
import { charactersOf } from './prompt-queue.ts'
import { uuidConflict } from './refusals.ts'
import type { SessionState } from './state.ts'

export interface AdmissionParts {
  feed: Feed
  state: SessionState
  /** Prompts are sent into the turn that runs, when they ask for it. */
  takesMore: () => boolean
  /** Throws when a new prompt cannot be taken. */
  requireAble: () => void
}

/** Takes prompts in: each once, by its uuid, however often it is sent, and acknowledged when it is on the disk. */
export class Admission {
  readonly #parts: AdmissionParts
  /** Prompts on their way into the log. */
  readonly #offers = new Map<string, { content: string; size: number; written: Promise<LoggedEvent> }>()

  constructor(parts: AdmissionParts) {
    this.#parts = parts
  }

  /** Prompts that are not in the log yet. */
  get pending(): number {
    return this.#offers.size
  }

  /** Characters of those. */
  get pendingSize(): number {
    let size = 0
    for (const offer of this.#offers.values()) size += offer.size
    return size
  }

  /** Resolves when those that came before are in the log, or were refused. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#offers.values()].map(({ written }) => written))
  }

  /** @throws AgentServerError `uuid_conflict`, `storage_full`, and what `requireAble` throws */
  async accept(data: UserMessageInput): Promise<MessageAccepted> {
    const { state, feed } = this.#parts
    const uuid = data.uuid ?? drawUuid()
    const content = hashOf(data.message)
    const known = state.prompt(uuid) ?? this.#offers.get(uuid)
    if (known !== undefined && known.content !== content) throw uuidConflict(uuid)
    if (known === undefined) this.#parts.requireAble()
    const seq = await this.#write(uuid, data, content)
    await feed.durable()
    return { uuid, seq, turn: state.prompt(uuid)?.joins ? 'running' : 'own' }
  }

  /** The number of a prompt's event, once it is written. */
  async #write(uuid: string, data: UserMessageInput, content: string): Promise<number> {
    const { state, feed, takesMore } = this.#parts
    const accepted = state.prompt(uuid)
    if (accepted !== undefined) return accepted.seq
    const offer = this.#offers.get(uuid)
    if (offer !== undefined) return (await offer.written).seq
    const joins = (data.priority === 'now' || data.priority === 'next') && takesMore()
    const turn = joins ? { turn: 'running' as const } : {}
    const written = feed.offer({ type: 'user_message', uuid, data: { ...data, uuid }, ...turn })
    this.#offers.set(uuid, { content, size: charactersOf(data), written })
    try {
      return (await written).seq
    } finally {
      this.#offers.delete(uuid)
    }
  }
}
