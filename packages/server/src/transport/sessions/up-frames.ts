import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AgentServerError, Register, SessionUp } from '@claude-agent/protocol'
import { sessionUp } from '@claude-agent/protocol/schema'
import type { RawData } from 'ws'
import type { Session } from '../../session/session.ts'
import { toServerError } from '../errors.ts'
import { readFrame } from '../frame.ts'
import { readAnswer } from './answer.ts'
import type { SessionSocket } from './session-socket.ts'

/** Longest `id` of a frame that is given back. */
const MAX_ID = 200

/** Who speaks on a socket, and to what. */
export interface Speaker {
  session: Session
  client: SessionSocket
  /** By what others know it. */
  name: string
  maxFrameBytes: number
}

/** Handles one frame. What it asks for is begun before the next frame is looked at; the reply may come later. */
export function hearFrame(speaker: Speaker, data: RawData, isBinary: boolean): void {
  const { client, maxFrameBytes } = speaker
  try {
    const frame = readFrame(sessionUp, data, isBinary, maxFrameBytes) as SessionUp
    if (frame.type === 'heartbeat') client.say({ type: 'heartbeat' })
    else if (frame.type === 'register') void register(speaker, frame)
    else if (frame.type !== 'auth') void reply(client, frame.id, () => act(speaker, frame))
  } catch (error) {
    sayError(client, isBinary ? undefined : readId(data as Buffer, maxFrameBytes), error)
  }
}

/** Frames that are replied to with what they come to. */
type Asking = Exclude<SessionUp, { type: 'auth' | 'heartbeat' | 'register' }>

function act({ session, client, name }: Speaker, frame: Asking): unknown {
  switch (frame.type) {
    case 'user_message':
      return session.send(frame.data)
    case 'interrupt':
      session.interrupt()
      return {}
    case 'cancel':
      return session.cancel(frame.uuid)
    case 'call':
      return session.call(frame.method, frame.args ?? [], name)
    case 'answer':
      return afterwards(session.answer(frame.ask, readAnswer(frame, 'invalid_message'), name, client))
    case 'mcp_message':
      session.callbacks.hear(frame, client)
      return {}
  }
}

/** The agent waits for an answer, and no client for the word that it was taken: that is said once the agent has it. */
async function afterwards<T>(taken: T): Promise<Awaited<T>> {
  const result = await taken
  await nextTurn()
  return result
}

/** Registers a client; it has its reply before it is asked anything. */
async function register({ session, client }: Speaker, frame: Register): Promise<void> {
  const { id } = frame
  try {
    session.requireOwn()
    await session.callbacks.register(frame, client, (result) => {
      if (id !== undefined) client.say({ type: 'reply', id, result })
    })
  } catch (error) {
    sayError(client, id, error)
  }
  session.warm()
}

/** Does what a frame asks for, at once, and tells how it went. */
async function reply(client: SessionSocket, id: string | undefined, action: () => unknown): Promise<void> {
  try {
    const result = await action()
    if (id !== undefined) client.say({ type: 'reply', id, result })
  } catch (error) {
    sayError(client, id, error)
  }
}

function sayError(client: SessionSocket, id: string | undefined, error: unknown): void {
  const known: AgentServerError = toServerError(error)
  client.say({ type: 'error', ...known.toJSON(), ...(id === undefined ? {} : { id }) })
}

/** The `id` of a frame that is otherwise wrong, where it has one. */
function readId(data: Buffer, maxFrameBytes: number): string | undefined {
  if (data.length > maxFrameBytes) return undefined
  try {
    const { id } = JSON.parse(data.toString('utf8')) as { id?: unknown }
    return typeof id === 'string' && id.length <= MAX_ID ? id : undefined
  } catch {
    return undefined
  }
}
