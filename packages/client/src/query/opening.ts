import { AgentServerError, type Cursor, type SessionInfo } from '@claude-agent/protocol'
import type { AgentServer } from '../session/server.ts'
import type { Session } from '../session/session.ts'
import type { QueryPlan } from './plan.ts'

/** The session of a query. */
export interface OpenedSession {
  session: Session
  /** The query begins after this event. */
  after: Cursor
  /** It was made for queries: its process is given back at the end of one. */
  isOurs: boolean
  /** A question ends the turn for now. */
  defers: boolean
  /** Gives secrets of its options again, which a server that was started anew has lost. */
  renew: () => Promise<void>
}

/** By this a session shows who made it. */
const MADE_BY = { madeBy: 'query()' }

/**
 * Makes or finds the session of a query.
 * @param id the one that the caller names
 * @throws AgentServerError `session_not_found`, and those of options
 */
export async function openSession(
  server: AgentServer,
  plan: QueryPlan,
  id: string | undefined,
  signal: AbortSignal,
): Promise<OpenedSession> {
  if (id !== undefined) return await joinSession(server.session(id), plan, signal)
  const found = await findSession(server, plan, signal)
  if (found === undefined) return await createSession(server, plan, signal)
  return startAt(found, await found.update(wishes(plan), { signal }), ownerOf(server, plan))
}

/** What the server says of an id that is none of a conversation. */
const NO_CONVERSATION = new Set(['transcript_not_found', 'invalid_request'])

/** What the session is to be like for this query. */
function wishes({ options, kinds }: QueryPlan) {
  return {
    options: { ...options, permissionMode: options.permissionMode ?? 'default' },
    interactive: kinds,
    questions: 'hold',
  } as const
}

async function createSession(
  server: AgentServer,
  plan: QueryPlan,
  signal: AbortSignal,
): Promise<OpenedSession> {
  const { title } = plan.options
  const { sessionId } = plan.opening
  const session = await server.createSession(
    {
      ...(sessionId === undefined ? {} : { id: sessionId }),
      ...(title === undefined ? {} : { title }),
      ...wishes(plan),
      metadata: MADE_BY,
    },
    { signal },
  )
  return startAt(session, await session.info({ signal }), ownerOf(server, plan))
}

/** One that the caller names keeps what it is like; options that are given are set, as a whole. */
async function joinSession(
  session: Session,
  { options }: QueryPlan,
  signal: AbortSignal,
): Promise<OpenedSession> {
  const isGiven = Object.keys(options).length > 0
  const info = await (isGiven ? session.update({ options }, { signal }) : session.info({ signal }))
  return startAt(session, info, { isOurs: false, renew: async () => {} })
}

type Owner = Pick<OpenedSession, 'isOurs'> & { renew: (id: string) => Promise<unknown> }

/** To repeat the creation gives the secrets again. */
function ownerOf(server: AgentServer, plan: QueryPlan): Owner {
  const { options } = wishes(plan)
  return { isOurs: true, renew: (id) => server.createSession({ id, options }) }
}

function startAt(session: Session, info: SessionInfo, { isOurs, renew }: Owner): OpenedSession {
  const { log, lastSeq, questions } = info
  return {
    session,
    after: { log, seq: lastSeq },
    isOurs,
    defers: questions !== 'hold',
    renew: async () => void (await renew(session.id)),
  }
}

/** The session that the options name to go on with; undefined for a new one. */
async function findSession(
  server: AgentServer,
  { opening, options }: QueryPlan,
  signal: AbortSignal,
): Promise<Session | undefined> {
  const { resume, continue: goesOn, forkSession, resumeSessionAt } = opening
  if (resume === undefined && goesOn !== true) return undefined
  const found =
    resume === undefined
      ? await latestOfQueries(server, signal)
      : ((await server.sessionWith(resume, { signal })) ?? (await takeOver(server, resume, options, signal)))
  if (found === undefined || forkSession !== true) return found
  const at = resumeSessionAt === undefined ? undefined : await endOfTurn(found, resumeSessionAt, signal)
  return await found.fork({ ...(at === undefined ? {} : { at }), metadata: MADE_BY }, { signal })
}

async function latestOfQueries(server: AgentServer, signal: AbortSignal): Promise<Session | undefined> {
  let latest: SessionInfo | undefined
  for await (const info of server.sessions({ signal })) {
    const isOfQuery = info.metadata['madeBy'] === MADE_BY.madeBy
    if (isOfQuery && info.updatedAt >= (latest?.updatedAt ?? 0)) latest = info
  }
  return latest && server.session(latest.id)
}

/** Makes a session of a conversation that the SDK knows on the server, and no session has. */
async function takeOver(
  server: AgentServer,
  transcript: string,
  options: QueryPlan['options'],
  signal: AbortSignal,
): Promise<Session> {
  try {
    return await server.createSession({ transcript, options, metadata: MADE_BY }, { signal })
  } catch (error) {
    const isUnknown = error instanceof AgentServerError && NO_CONVERSATION.has(error.code)
    throw isUnknown ? conversationNotFound(transcript) : error
  }
}

/** The event at which the turn ended that a message is of. */
async function endOfTurn(session: Session, uuid: string, signal: AbortSignal): Promise<number> {
  let isFound = false
  for await (const event of session.events({ partials: false, signal })) {
    if (event.type === 'sdk_message' && event.data.uuid === uuid) isFound = true
    if (event.type === 'prompt_ended' && isFound) return event.seq
    if (event.type === 'caught_up') break
  }
  throw new AgentServerError({
    code: 'no_turn_end',
    message: `The conversation has no message ${uuid} in a turn that has ended.`,
    hint: 'Give the `uuid` of a message that the query has yielded.',
  })
}

function conversationNotFound(id: string): AgentServerError {
  return new AgentServerError({
    code: 'session_not_found',
    message: `No conversation found with session ID: ${id}`,
    hint: 'The conversation is on the server that it was held on, until its session is deleted.',
  })
}
