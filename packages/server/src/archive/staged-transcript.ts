import { mkdir, open, readdir, rm, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { moveTranscriptLine, readTranscriptLine } from '../agent/transcript-line.ts'
import { isSidePath, placeTranscriptFile, type TranscriptHome } from '../agent/transcript-home.ts'
import { LineSplitter } from './line-splitter.ts'
import { invalidArchive, type SectionHeader } from './section.ts'

/** Bytes of a transcript that can be resumed; of all files beside it; of a line. */
const MAX_BYTES = 256 * 1024 * 1024
const MAX_SIDE_BYTES = 1024 * 1024 * 1024
const MAX_LINE = 64 * 1024 * 1024
const MAX_SIDE_FILES = 10_000

/** A transcript, and what lies beside it, on its way from an archive to the home of the agent. */
export class StagedTranscript {
  readonly #folder: string
  readonly #home: TranscriptHome
  readonly #lines = new LineSplitter(MAX_LINE, () => invalidArchive('A line of its transcript is too long.'))
  /** Of this section, and of all so far: a later one may have a file anew. */
  readonly #sideFiles = new Set<string>()
  readonly #allSideFiles = new Set<string>()
  #sdkSessionId: string | undefined
  #target: string | undefined
  #workspace = ''
  #to = 0
  #bytes = 0
  #sideBytes = 0
  #file: FileHandle | undefined
  #side: { name: string; file: FileHandle } | undefined

  constructor(folder: string, home: TranscriptHome) {
    this.#folder = join(folder, 'transcript')
    this.#home = home
  }

  /** The conversation that it becomes; undefined while there is none. */
  get target(): string | undefined {
    return this.#target
  }

  /** A section begins. `target`: the conversation that it becomes. @throws AgentServerError `invalid_archive` */
  async begin(
    { transcript, workspace }: SectionHeader,
    target: (sdkSessionId: string) => Promise<string>,
  ): Promise<void> {
    this.#sideFiles.clear()
    if (transcript === undefined) return
    const { sdkSessionId, from, to } = transcript
    if (from === 0) await this.#restart(sdkSessionId, await target(sdkSessionId))
    else if (sdkSessionId !== this.#sdkSessionId || from !== this.#to)
      throw invalidArchive(`Bytes ${this.#to} to ${from} of its transcript are missing.`)
    this.#workspace = workspace
    this.#to = to
  }

  /** @throws AgentServerError `invalid_archive` */
  async write(bytes: Buffer): Promise<void> {
    if (this.#file === undefined)
      throw invalidArchive('It has a transcript that its header does not tell of.')
    const moved = [...this.#lines.push(bytes)].flatMap((line) => this.#move(line) ?? [])
    this.#bytes += moved.reduce((sum, { length }) => sum + length, 0)
    if (this.#bytes > MAX_BYTES) throw invalidArchive(`Its transcript has more than ${MAX_BYTES} bytes.`)
    await this.#file.appendFile(Buffer.concat(moved))
  }

  /** @throws AgentServerError `invalid_archive` */
  async writeSide(name: string | undefined, bytes: Buffer): Promise<void> {
    if (name === undefined || !isSidePath(name)) throw invalidArchive('A file in it has a name that is none.')
    this.#sideBytes += bytes.length
    if (this.#sideBytes > MAX_SIDE_BYTES)
      throw invalidArchive(`Its files have more than ${MAX_SIDE_BYTES} bytes.`)
    if (this.#side?.name !== name) await this.#openSide(name)
    await this.#side!.file.appendFile(bytes)
  }

  /** A section is over. */
  async end(): Promise<void> {
    if (this.#lines.isWithin) throw invalidArchive('A line of its transcript has no end.')
    await this.#side?.file.close()
    this.#side = undefined
  }

  /** Puts it where the CLI looks for it: the transcript last, which makes the rest count. */
  async place(): Promise<void> {
    await this.close()
    if (this.#target === undefined) return
    const names = await readdir(this.#folder, { recursive: true })
    for (const name of names.filter(isSidePath))
      await placeTranscriptFile(this.#home, this.#target, join(this.#folder, name), name)
    await placeTranscriptFile(this.#home, this.#target, join(this.#folder, 'main.jsonl'))
    await rm(this.#folder, { recursive: true })
  }

  async close(): Promise<void> {
    await this.#side?.file.close()
    await this.#file?.close()
    this.#side = undefined
    this.#file = undefined
  }

  /** Another conversation, or the same one written anew: what came before is not it. */
  async #restart(sdkSessionId: string, target: string): Promise<void> {
    await this.close()
    this.#lines.clear()
    await rm(this.#folder, { recursive: true, force: true })
    await mkdir(this.#folder, { mode: 0o700 })
    this.#file = await open(join(this.#folder, 'main.jsonl'), 'wx', 0o600)
    this.#sdkSessionId = sdkSessionId
    this.#target = target
    this.#bytes = 0
    this.#sideBytes = 0
    this.#allSideFiles.clear()
  }

  #move(line: Buffer): Buffer | undefined {
    try {
      const entry = readTranscriptLine(line)
      const place = { sdkSessionId: this.#target!, from: this.#workspace, to: this.#home.workspace }
      return entry === undefined ? undefined : moveTranscriptLine(entry, place)
    } catch (cause) {
      throw invalidArchive('A line of its transcript is no entry of one.', cause)
    }
  }

  async #openSide(name: string): Promise<void> {
    await this.#side?.file.close()
    this.#side = undefined
    if (
      this.#sdkSessionId === undefined ||
      this.#sideFiles.has(name) ||
      (this.#allSideFiles.size >= MAX_SIDE_FILES && !this.#allSideFiles.has(name))
    )
      throw invalidArchive('A file in it is out of place.')
    this.#sideFiles.add(name)
    this.#allSideFiles.add(name)
    const path = join(this.#folder, name)
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    // A later section has it anew, as it was then.
    this.#side = { name, file: await open(path, 'w', 0o600) }
  }
}
