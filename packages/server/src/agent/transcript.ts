import { rename, rm } from 'node:fs/promises'
import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import type { AgentUser } from './agent-user.ts'
import { changeTranscript, findTranscript, readWhole } from './transcript-file.ts'

/** A line of the CLI's transcript, as far as this server reads it. */
interface TranscriptEntry {
  type: string
  uuid?: string
  parentUuid?: string | null
  logicalParentUuid?: string
  subtype?: string
  sessionId?: string
  requestId?: string
  timestamp?: string
  isSidechain?: boolean
  isMeta?: boolean
  isCompactSummary?: boolean
  promptSource?: string
  message?: { stop_reason?: string | null; content?: unknown }
  toolUseResult?: unknown
  attachment?: { type?: string; source_uuid?: string }
  /** Prompts that waited in the CLI and were put into this one, which has the uuid of the last of them. */
  mergedSendUuids?: string[]
  /** Of a `last-prompt`: the entry from which the CLI goes on. */
  leafUuid?: string
}

/** What a process had spent when it ended in order; the next one on the conversation counts on from there. */
export interface SavedTotals {
  totalCostUSD: number
  modelUsage: Record<string, unknown>
}

/**
 * The CLI's own record of a conversation, which is what a resumed agent remembers. Read after a process has died, and
 * before the next one goes on with it.
 */
export class Transcript {
  readonly path: string
  readonly #entries: readonly TranscriptEntry[]
  readonly #isDamaged: boolean
  readonly #isUnreadable: boolean
  /** Bytes of its whole lines. */
  readonly #size: number
  readonly #user: AgentUser | undefined

  /** @param whole undefined where it cannot be read: the agent may have put anything there */
  private constructor(path: string, whole: string | undefined, user: AgentUser | undefined) {
    const text = whole ?? ''
    const size = text.lastIndexOf('\n') + 1
    const lines = text.slice(0, size).split('\n').slice(0, -1).map(parse)
    this.path = path
    this.#size = Buffer.byteLength(text.slice(0, size))
    this.#entries = lines.filter((entry) => entry !== undefined)
    this.#user = user
    this.#isUnreadable = whole === undefined
    this.#isDamaged = this.#isUnreadable || this.#entries.length < lines.length
  }

  /**
   * The transcript of a conversation, or undefined when there is none. `env` is the agent's own. It lies where the agent
   * can write, so whatever is there instead of a file that can be read is a damaged transcript, never an error.
   * Where agents have a user, it must be his.
   */
  static async read(
    sdkSessionId: string,
    env: Record<string, string | undefined>,
    user?: AgentUser,
  ): Promise<Transcript | undefined> {
    const path = await findTranscript(sdkSessionId, env)
    if (path === undefined) return undefined
    return new Transcript(path, await readWhole(path, user).catch(() => undefined), user)
  }

  /** Whether there is a conversation in it: the CLI refuses to go on with a file that has none, and to begin one over it. */
  get hasMessages(): boolean {
    if (this.#isUnreadable) return true
    return this.#entries.some(
      ({ type, uuid }) => uuid !== undefined && (type === 'user' || type === 'assistant'),
    )
  }

  /** What the last process that ended in order had spent. */
  get savedTotals(): SavedTotals | undefined {
    return this.#entries.findLast(({ type }) => type === 'cost-state') as unknown as SavedTotals | undefined
  }

  /** Whether a prompt has entered the conversation, as a turn of its own or within another. Where nobody can tell, it has: it is not to enter twice. */
  hasPrompt(uuid: string): boolean {
    if (this.#isUnreadable) return true
    return this.#entries.some(
      (entry) => (entry.type === 'user' && entry.uuid === uuid) || bringsIn(entry, uuid),
    )
  }

  /** Whether a tool call has its result. */
  hasResult(toolUseId: string): boolean {
    return this.#entries.some(
      ({ type, message }) => type === 'user' && hasBlock(message, 'tool_use_id', toolUseId),
    )
  }

  /** Whether a prompt entered the conversation before a tool was called. */
  isBefore(uuid: string, toolUseId: string): boolean {
    return this.#after(uuid).some(
      ({ type, message }) => type === 'assistant' && hasBlock(message, 'id', toolUseId),
    )
  }

  /** Whether the turn of a prompt ran to its end. */
  hasEnded(uuid: string): boolean {
    return this.#after(uuid).findLast(isMessage)?.message?.stop_reason === 'end_turn'
  }

  /** What was said in the main conversation, prompts too; undefined when it has holes. */
  get messages(): SDKMessage[] | undefined {
    const chain = this.#isDamaged ? undefined : this.#chain()
    if (chain === undefined) return undefined
    const said = this.#entries.filter(
      ({ type, uuid, isMeta }) => (type === 'user' || type === 'assistant') && !isMeta && chain.has(uuid!),
    )
    return said.map(toMessage)
  }

  /** The messages that an agent said since a prompt, as the SDK would have yielded them. */
  messagesSince(uuid: string): SDKMessage[] {
    return this.#after(uuid).filter(isMessage).map(toMessage)
  }

  /**
   * Whether every entry leads back to the beginning of the conversation, past `anchor`: else the record is damaged, or
   * is not the one that the session knows, and the CLI would go on with something else in silence.
   */
  leadsBackTo(anchor: string | undefined): boolean {
    const chain = this.#isDamaged ? undefined : this.#chain()
    return chain !== undefined && (anchor === undefined || chain.has(anchor))
  }

  /**
   * Makes the CLI go on from the last entry. It goes on from the one that it noted last, and notes that only now and
   * then: where the chain has forked since, as it does at a question, a crash would leave it with the dead end.
   */
  async repair(): Promise<void> {
    await changeTranscript(this.path, this.#user, async (file) => {
      await file.truncate(this.#size)
      const noted = this.#entries.findLast(({ type }) => type === 'last-prompt')
      const last = this.#last
      if (noted?.leafUuid === undefined || last === undefined || this.#chain()?.has(noted.leafUuid)) return
      const line = JSON.stringify({ ...noted, leafUuid: last.uuid })
      await file.write(`${line}\n`, this.#size)
    })
  }

  /** Puts a file aside that holds no conversation, so that one can begin under its name. */
  async putAside(): Promise<void> {
    const aside = `${this.path}.empty-${Date.now()}`
    // With the agent's own rights: the server's reach further than the folders that the agent may have swapped.
    if (this.#user === undefined) await rename(this.path, aside)
    else await this.#user.run('mv', '-T', '--', this.path, aside)
  }

  /** The last entry of the main conversation. */
  get #last(): TranscriptEntry | undefined {
    return this.#entries.findLast(({ uuid, isSidechain }) => uuid !== undefined && isSidechain !== true)
  }

  /** The entries from the last one back to the beginning; undefined when one is missing. */
  #chain(): Set<string> | undefined {
    const known = new Map(this.#entries.map((entry) => [entry.uuid, entry]))
    const chain = new Set<string>()
    let entry = this.#last
    while (entry?.uuid !== undefined && !chain.has(entry.uuid)) {
      chain.add(entry.uuid)
      // A compaction begins a chain of its own and remembers what it stands for.
      const before = entry.parentUuid ?? entry.logicalParentUuid
      if (before === null || before === undefined) return chain
      entry = known.get(before)
    }
    return undefined
  }

  #after(uuid: string): TranscriptEntry[] {
    const start = this.#entries.findIndex((entry) => entry.uuid === uuid || bringsIn(entry, uuid))
    return start === -1 ? [] : this.#entries.slice(start + 1)
  }
}

/** Removes the transcript of a conversation and those of its subagents. */
export async function removeTranscript(
  sdkSessionId: string,
  env: Record<string, string | undefined>,
  user?: AgentUser,
): Promise<void> {
  const path = await findTranscript(sdkSessionId, env)
  if (path === undefined) return
  const both = [path, path.replace(/\.jsonl$/, '')]
  if (user === undefined) for (const one of both) await rm(one, { recursive: true, force: true })
  else await user.run('rm', '-rf', '--', ...both)
}

/** Whether a message has a block with an id. */
function hasBlock(message: TranscriptEntry['message'], field: 'id' | 'tool_use_id', id: string): boolean {
  const content = message?.content
  return Array.isArray(content) && content.some((block: Record<string, unknown>) => block[field] === id)
}

/** Whether a prompt entered the conversation within another's turn or entry. */
function bringsIn({ attachment, mergedSendUuids }: TranscriptEntry, uuid: string): boolean {
  return attachment?.source_uuid === uuid || mergedSendUuids?.includes(uuid) === true
}

function parse(line: string): TranscriptEntry | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as TranscriptEntry) : undefined
  } catch {
    return undefined
  }
}

/** Whether an entry is a message of the main conversation that the SDK yields. */
function isMessage(entry: TranscriptEntry): boolean {
  const { type, isSidechain, isMeta, isCompactSummary, promptSource } = entry
  if (type !== 'assistant' && type !== 'user') return false
  return !isSidechain && !isMeta && !isCompactSummary && promptSource === undefined
}

function toMessage(entry: TranscriptEntry): SDKMessage {
  const { type, message, sessionId, uuid, timestamp, requestId, toolUseResult } = entry
  return {
    type,
    message,
    parent_tool_use_id: null,
    session_id: sessionId,
    uuid,
    timestamp,
    ...(requestId === undefined ? {} : { request_id: requestId }),
    ...(toolUseResult === undefined ? {} : { tool_use_result: toolUseResult }),
  } as unknown as SDKMessage
}
