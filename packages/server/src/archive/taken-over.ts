import { rm } from 'node:fs/promises'
import { AgentServerError } from '@claude-agent/protocol'
import type { Transcript } from '../agent/transcript.ts'
import { historyLost } from '../session/refusals.ts'
import { storageFull } from '../log/event-log.ts'
import { StagedLog } from './staged-log.ts'
import { NO_USAGE } from './staged-session.ts'

/**
 * Makes the log of a session that goes on with a conversation of the SDK: what was said in it, and that it was.
 * @throws AgentServerError `transcript_not_found`, `history_lost`, `storage_full`
 */
export async function stageTranscript(
  sdkSessionId: string,
  transcript: Transcript | undefined,
  folder: string,
): Promise<StagedLog> {
  const log = new StagedLog(folder)
  try {
    if (!transcript?.hasMessages) throw transcriptNotFound(sdkSessionId)
    const { messages } = transcript
    if (messages === undefined)
      throw historyLost(
        `The transcript of the conversation ${sdkSessionId} is damaged: nothing can go on from it.`,
      )
    for (const data of messages) await log.add({ type: 'sdk_message', data, recovered: true })
    const at = log.lastSeq
    await log.add({
      type: 'copied',
      source: 'transcript',
      from: sdkSessionId,
      at,
      sdkSessionId,
      usage: NO_USAGE,
    })
    await log.finish()
    return log
  } catch (error) {
    await log.close().catch(() => {})
    await rm(folder, { recursive: true, force: true })
    throw error instanceof AgentServerError ? error : storageFull(error)
  }
}

export function transcriptNotFound(sdkSessionId: string): AgentServerError {
  return new AgentServerError({
    code: 'transcript_not_found',
    message: `The SDK knows no conversation '${sdkSessionId.slice(0, 100)}' here.`,
    hint: 'List them with GET /transcripts.',
  })
}

export function transcriptInUse(sdkSessionId: string, session: string): AgentServerError {
  return new AgentServerError({
    code: 'transcript_in_use',
    message: `The conversation '${sdkSessionId}' belongs to the session '${session}'.`,
    hint: 'Go on with that session, or fork it.',
  })
}
