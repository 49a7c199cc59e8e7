import type { Duplex } from 'node:stream'
import { AgentServerError } from '@claude-agent/protocol'
import type { WebSocket } from 'ws'
import { sessionConflict } from '../session/refusals.ts'
import type { Session } from '../session/session.ts'
import type { Sessions } from '../session/sessions.ts'
import { toServerError } from '../transport/errors.ts'
import { READER_TIMING, type ReaderTiming } from '../transport/sessions/timing.ts'
import { ControllerSocket } from './controller-socket.ts'
import { StdioDriver } from './driver.ts'
import { EarlyFrames } from './early-frames.ts'
import { LineSocket } from './line-socket.ts'
import { ProcessSocket } from './process-socket.ts'

export interface StdioLayerOptions {
  sessions: Sessions
  /** Longest line of an SDK. */
  maxLineBytes: number
  /** Milliseconds that a process waits for its controller to come back. */
  controllerTimeoutMs: number
  timing?: ReaderTiming
}

/** `WS /sessions/:id/stdio?framing=`: the lines between an official SDK and the CLI, for one client at a time. */
export class StdioLayer {
  readonly #options: StdioLayerOptions

  constructor(options: StdioLayerOptions) {
    this.#options = options
  }

  /** Serves a socket that may speak. A session that is not there yet is made. */
  async serve(socket: WebSocket, url: URL, raw: Duplex, id: string): Promise<void> {
    const frames = new EarlyFrames(socket)
    const life = new AbortController()
    socket.once('close', () => life.abort())
    const isProcess = url.searchParams.get('framing') === 'process'
    const line = new ControllerSocket(
      socket,
      raw,
      this.#options.timing ?? READER_TIMING,
      isProcess ? () => client.beat() : undefined,
    )
    const client = isProcess ? new ProcessSocket(line) : new LineSocket(line)
    try {
      requireFraming(url)
      const session = await this.#open(id)
      const driver = session.drive(
        (means) =>
          new StdioDriver(means, {
            ...this.#options,
            hasConversation: async (sdkSessionId) =>
              (await this.#options.sessions.list.withConversation(sdkSessionId)).length > 0,
          }),
      )
      await client.serve(driver, frames, life.signal)
    } catch (error) {
      if (!life.signal.aborted) client.failed(toServerError(error))
    }
  }

  async #open(id: string): Promise<Session> {
    const { sessions } = this.#options
    const session = await sessions.open(id).catch(async (error: unknown) => {
      if (!(error instanceof AgentServerError) || error.code !== 'session_not_found') throw error
      requireId(id)
      await sessions.create({ id, kind: 'stdio' })
      return await sessions.open(id)
    })
    if (!session.isDriven) throw sessionConflict(id)
    return session
  }
}

/** @throws AgentServerError `invalid_request` */
function requireFraming(url: URL): void {
  const framing = url.searchParams.get('framing') ?? 'lines'
  if (framing === 'lines' || framing === 'process') return
  throw new AgentServerError({
    code: 'invalid_request',
    message: `framing is ${JSON.stringify(framing.slice(0, 100))}; it must be 'lines' or 'process'.`,
    hint: 'Leave it out for the lines of the SDK.',
  })
}

/** @throws AgentServerError `invalid_request` */
function requireId(id: string): void {
  if (/^[\w-]{1,64}$/.test(id)) return
  throw new AgentServerError({
    code: 'invalid_request',
    message: `The id ${JSON.stringify(id.slice(0, 100))} cannot be that of a session.`,
    hint: "It has 1 to 64 letters, digits, '-' and '_'.",
  })
}
