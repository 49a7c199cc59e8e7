import {
  AgentServerError,
  type TranscriptInfo,
  type TranscriptList,
  type TranscriptPage,
} from '@claude-agent/protocol'
import { UUID } from '@claude-agent/protocol/schema'
import { Hono, type Context } from 'hono'
import type { SdkTranscripts } from '../agent/transcripts/sdk-transcripts.ts'
import type { Sessions } from '../session/sessions.ts'
import { transcriptNotFound } from '../archive/taken-over.ts'
import { readLimit } from './sessions/limit.ts'

/** `/transcripts`: the conversations that the SDK itself knows. */
export function createTranscriptRoutes(transcripts: SdkTranscripts, sessions: Sessions): Hono {
  const app = new Hono()
  app.get('/', async (c) => {
    const { entries, next } = await transcripts.list(readOffset(c), readLimit(c))
    const found: TranscriptInfo[] = []
    for (const { sessionId, summary, lastModified, createdAt, fileSize, firstPrompt } of entries) {
      const [session] = await sessions.list.withConversation(sessionId)
      found.push({
        sdkSessionId: sessionId,
        summary,
        lastModified,
        ...(createdAt === undefined ? {} : { createdAt }),
        ...(fileSize === undefined ? {} : { bytes: fileSize }),
        ...(firstPrompt === undefined ? {} : { firstPrompt }),
        ...(session === undefined ? {} : { session }),
      })
    }
    return c.json({ transcripts: found, ...nextOf(next) } satisfies TranscriptList)
  })
  app.get('/:id', async (c) => {
    const id = c.req.param('id')
    if (!UUID.test(id)) throw transcriptNotFound(id)
    const offset = readOffset(c)
    const { entries, next } = await transcripts.messages(id, offset, readLimit(c))
    if (entries.length === 0 && offset === 0) throw transcriptNotFound(id)
    return c.json({ sdkSessionId: id, messages: entries, ...nextOf(next) } satisfies TranscriptPage)
  })
  return app
}

function nextOf(next: number | undefined): { next?: string } {
  return next === undefined ? {} : { next: String(next) }
}

function readOffset(c: Context): number {
  const text = c.req.query('after') ?? '0'
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new AgentServerError({
    code: 'invalid_request',
    message: `after is ${JSON.stringify(text.slice(0, 100))}; it must be the 'next' of the page before.`,
    hint: 'Leave it out for the first page.',
  })
}
