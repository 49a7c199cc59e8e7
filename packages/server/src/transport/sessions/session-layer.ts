import type { Duplex } from 'node:stream'
import { AgentServerError, CLOSE_CODES, PROTOCOL_VERSION } from '@claude-agent/protocol'
import type { RawData, WebSocket } from 'ws'
import type { Session } from '../../session/session.ts'
import type { Sessions } from '../../session/sessions.ts'
import { toServerError } from '../errors.ts'
import { EntryBytes } from './entry-bytes.ts'
import { positionAfter } from './position.ts'
import { SessionSocket } from './session-socket.ts'
import { toTextFrame } from '../text-frame.ts'
import { READER_TIMING, type ReaderTiming } from './timing.ts'
import { hearFrame } from './up-frames.ts'

export interface SessionLayerOptions {
  sessions: Pick<Sessions, 'open'>
  /** Version of the server. */
  version: string
  maxFrameBytes: number
  timing?: ReaderTiming
}

/** `WS /sessions/:id/ws?after=&client=&serves=`: everything of a session, for any number of clients. */
export class SessionLayer {
  readonly #options: SessionLayerOptions
  readonly #frames = new EntryBytes(toTextFrame)
  #clients = 0

  constructor(options: SessionLayerOptions) {
    this.#options = options
  }

  /** Serves a socket that may speak. Its frames wait until the session is open. */
  async serve(socket: WebSocket, url: URL, raw: Duplex, id: string): Promise<void> {
    const client = new SessionSocket(socket, raw, this.#frames, this.#options.timing ?? READER_TIMING)
    const early: [RawData, boolean][] = []
    const keep = (data: RawData, isBinary: boolean): void => void early.push([data, isBinary])
    socket.on('message', keep)
    socket.pause()
    try {
      const name = readName(url) ?? `client-${++this.#clients}`
      const session = await this.#options.sessions.open(id)
      if (!client.isOpen) return
      this.#attach(client, session, url, name)
      const { maxFrameBytes } = this.#options
      const speaker = { session, client, name, maxFrameBytes }
      socket.off('message', keep)
      for (const [data, isBinary] of early) hearFrame(speaker, data, isBinary)
      socket.on('message', (data, isBinary) => hearFrame(speaker, data, isBinary))
    } catch (error) {
      socket.off('message', keep)
      client.fail(toServerError(error))
    } finally {
      socket.resume()
    }
  }

  /** Tells a client where it is, and lets it read from there on. */
  #attach(client: SessionSocket, session: Session, url: URL, name: string): void {
    const { feed } = session
    const { after, gap } = positionAfter(feed, url.searchParams.get('after') ?? undefined)
    client.say({
      type: 'connected',
      protocol: PROTOCOL_VERSION,
      server: this.#options.version,
      session: session.info(),
      log: feed.id,
      lastSeq: feed.lastSeq,
      client: name,
      maxFrameBytes: this.#options.maxFrameBytes,
    })
    if (gap !== undefined) client.gap(gap.after, gap.first)
    const reader = feed.attach(client, after)
    const forget = session.onClosed((reason) => {
      if (reason === 'deleted') client.fail(deleted(session.id))
      else client.end(1012, CLOSE_CODES[1012].name)
    })
    client.onEnded(() => {
      reader.stop()
      session.callbacks.leave(client)
      forget()
    })
    // A client that is about to register changes what the agent is started with.
    if (!url.searchParams.has('serves')) session.warm()
  }
}

/** The name that a client gives itself. @throws AgentServerError `invalid_request` */
function readName(url: URL): string | undefined {
  const name = url.searchParams.get('client')
  if (name === null || /^[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u.test(name)) return name ?? undefined
  throw new AgentServerError({
    code: 'invalid_request',
    message: `The name of a client has 1 to 100 printable characters; this one has ${name.length}.`,
    hint: 'Leave client= out to be given a name.',
  })
}

function deleted(id: string): AgentServerError {
  return new AgentServerError({
    code: 'session_deleted',
    message: `The session '${id}' was deleted.`,
    hint: 'Create another one with POST /sessions.',
  })
}
