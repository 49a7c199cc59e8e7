import type { Server } from 'node:http'
import { AgentServerError } from '@claude-agent/protocol'
import type { ServerConfig } from './config.ts'
import { identifySealFile, readSealContent, readSealFile, removeSealFile } from './seal-file.ts'
import { SealWatch } from './seal-watch.ts'
import type { RunningServer } from './server.ts'
import { createListener, listen, urlOf } from './transport/listen.ts'
import { attachSealed, createSealedHttp } from './transport/sealed.ts'
import { VERSION } from './version.ts'

/** How long a file that cannot be used has to stay as it is until it counts as wrong: it may be half written. */
const SETTLE_MS = 1000
const LOOK_AGAIN_MS = 50
/** Values that are shorter are no secrets, and common words. */
const MIN_SECRET_LENGTH = 8

export interface SealOptions extends Pick<ServerConfig, 'host' | 'port'> {
  sealFile: string
  /**
   * Starts the server on the socket that listens already, with these variables over the environment. Called again, with
   * the next file, when it fails; it must leave nothing behind then.
   */
  open: (variables: Record<string, string>, listening: Server) => Promise<RunningServer>
  /** Prints a line for the operator. */
  tell: (line: string) => void
}

/** Whether a server is to wait for its token. */
export function isSealed(config: ServerConfig): config is ServerConfig & { sealFile: string } {
  return config.token === undefined && config.sealFile !== undefined
}

/**
 * A server that waits for its token: it listens, says by `GET /health` that it is sealed, and refuses everything else,
 * until a file brings the token and its other secrets. It unseals once. Nothing is drawn or stored before, so that copies
 * of its memory, as snapshots of a machine are, have no id and no secret in common.
 */
export class SealedServer {
  readonly url: string
  /** The server that it became; undefined when it was closed before. */
  readonly opened: Promise<RunningServer | undefined>
  readonly #options: SealOptions
  readonly #listening: Server
  readonly #watch: SealWatch
  #fault: string | undefined
  #isClosed = false

  private constructor(options: SealOptions, listening: Server) {
    this.#options = options
    this.#listening = listening
    this.url = urlOf(listening)
    const app = createSealedHttp(VERSION, () => this.#fault)
    attachSealed(listening, app)
    this.#watch = new SealWatch(options.sealFile)
    this.opened = this.#wait()
  }

  /** @throws AgentServerError `port_in_use`, `invalid_setting` */
  static async listen(options: SealOptions): Promise<SealedServer> {
    const listening = createListener()
    await listen(listening, options)
    return new SealedServer(options, listening)
  }

  /** Ends it, whatever it became. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#watch.close()
    const server = await this.opened
    if (server !== undefined) return await server.close()
    this.#listening.close()
    this.#listening.closeAllConnections()
  }

  async #wait(): Promise<RunningServer | undefined> {
    /** What was looked at last, since when it is as it is, and whether it was found wrong. */
    let seen = { identity: undefined as string | undefined, since: 0, isWrong: false }
    try {
      while (!this.#isClosed) {
        const identity = await identifySealFile(this.#options.sealFile)
        const now = performance.now()
        if (identity !== seen.identity) seen = { identity, since: now, isWrong: false }
        const isSettled = now - seen.since >= SETTLE_MS
        if (identity !== undefined && !seen.isWrong) {
          const server = await this.#take(isSettled)
          if (server !== undefined) return server
          seen.isWrong = isSettled
        }
        await this.#watch.next(identity === undefined || seen.isWrong ? undefined : LOOK_AGAIN_MS)
      }
      return undefined
    } finally {
      this.#watch.close()
    }
  }

  /** Takes the file that is there and starts the server with it. */
  async #take(isSettled: boolean): Promise<RunningServer | undefined> {
    let content: unknown
    try {
      content = await readSealFile(this.#options.sealFile)
      await removeSealFile(this.#options.sealFile)
    } catch (error) {
      if (isSettled) this.#refuse(error, [])
      return undefined
    }
    let secrets: string[] = []
    try {
      const { variables, ignored } = readSealContent(content)
      secrets = Object.values(variables)
      for (const name of ignored)
        this.#options.tell(`${name} of the seal file is ignored: the server runs already.`)
      return await this.#options.open(variables, this.#listening)
    } catch (error) {
      this.#refuse(error, secrets)
      return undefined
    }
  }

  /** Says what is wrong, to the operator and to who asks for the health of this server, without what it was given. */
  #refuse(error: unknown, secrets: readonly string[]): void {
    const isKnown = error instanceof AgentServerError
    const words = isKnown
      ? `${error.message} ${error.hint ?? ''}`.trim()
      : `The start failed: ${String(error)}`
    this.#fault = hide(words, secrets)
    this.#options.tell(`It stays sealed. ${this.#fault}`)
  }
}

/** A text without any of the secrets. */
function hide(text: string, secrets: readonly string[]): string {
  return secrets
    .filter(({ length }) => length >= MIN_SECRET_LENGTH)
    .toSorted((one, other) => other.length - one.length)
    .reduce((hidden, secret) => hidden.replaceAll(secret, '…'), text)
}
