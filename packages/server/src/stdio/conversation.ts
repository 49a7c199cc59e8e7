import { AgentServerError, type QueryConfig } from '@claude-agent/protocol'
import type { Transcript } from '../agent/transcript.ts'
import type { DriverMeans } from '../session/driver.ts'
import { historyLost } from '../session/refusals.ts'
import { readTotals } from '../session/usage.ts'
import { drawUuid } from '../random.ts'

/** Which conversation a process is to be on. */
export interface ConversationWish {
  /** One of the SDK's ids of this session; `latest` is the one that it was on last, if there was one. */
  resume?: string | undefined
  /** The id that a new one is to have. */
  sessionId?: string | undefined
}

/** The conversation that a process is started on. */
export interface ChosenConversation {
  sdkSessionId: string
  resumes: boolean
  totals?: ReturnType<typeof readTotals>
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/

/**
 * Finds the conversation that was asked for; the first one of a session has the session's own id, where that is a UUID.
 * Only conversations of this session are gone on with. `isTaken`: another session has one with this id.
 * @throws AgentServerError `conversation_not_found`, `option_refused`
 */
export async function chooseConversation(
  { state, host, feed, publish, record }: DriverMeans,
  config: QueryConfig,
  { resume, sessionId }: ConversationWish,
  isTaken: (sdkSessionId: string) => Promise<boolean>,
): Promise<ChosenConversation> {
  await feed.settled()
  const { conversation } = state
  const wanted = resume === 'latest' ? conversation.sdkSessionId : resume
  if (wanted !== undefined) {
    if (!conversation.sdkSessionIds.has(wanted)) throw notFound(wanted, record().id)
    const transcript = await host.readTranscript(wanted, config)
    if (transcript?.hasMessages && (await isRepaired(transcript))) {
      const { savedTotals: saved } = transcript
      const totals = readTotals(saved?.totalCostUSD, saved?.modelUsage)
      return { sdkSessionId: wanted, resumes: true, totals }
    }
    if (resume !== 'latest') throw notFound(wanted, record().id)
    if (conversation.begun)
      publish({
        type: 'error',
        ...historyLost(`The transcript of the conversation ${wanted} is gone.`).toJSON(),
      })
  }
  const { id } = record()
  const isFree =
    UUID.test(id) &&
    conversation.sdkSessionIds.size === 0 &&
    !(await isTaken(id)) &&
    (await host.readTranscript(id, config)) === undefined
  if (sessionId !== undefined && (sessionId !== id || !isFree)) throw notFree(sessionId)
  return { sdkSessionId: isFree ? id : drawUuid(), resumes: false }
}

async function isRepaired(transcript: Transcript): Promise<boolean> {
  return await transcript.repair().then(
    () => true,
    () => false,
  )
}

function notFound(sdkSessionId: string, id: string): AgentServerError {
  return new AgentServerError({
    code: 'conversation_not_found',
    message: `The session '${id}' has no conversation '${sdkSessionId.slice(0, 100)}' that could be resumed.`,
    hint: "Name the session in which it was begun; without a name it is the one with the conversation's own id.",
  })
}

function notFree(sessionId: string): AgentServerError {
  return new AgentServerError({
    code: 'option_refused',
    message: `'sessionId' cannot be '${sessionId.slice(0, 100)}': it must be the id of the session, a UUID, and no conversation may have had it.`,
    hint: 'Leave it out, or leave `session` of remoteProcess out.',
  })
}
