import type {
  AnswerRequest,
  CreateSessionRequest,
  SessionUpdate,
  UserMessageInput,
} from '@claude-agent/protocol'
import {
  answerAsk,
  callRequest,
  createSession,
  sendMessage,
  updateSession,
} from '@claude-agent/protocol/schema'
import { Hono } from 'hono'
import type { Archives } from '../../archive/archives.ts'
import type { Sessions } from '../../session/sessions.ts'
import { limitBody, readBody } from '../body.ts'
import { createArchiveRoutes } from './archive-routes.ts'
import { readAnswer } from './answer.ts'
import { createEventRoutes } from './event-routes.ts'
import { readLimit } from './limit.ts'
import type { ReaderTiming } from './timing.ts'

export interface SessionRoutesOptions {
  sessions: Sessions
  archives: Archives
  maxBodyBytes: number
  maxArchiveBytes: number
  timing?: ReaderTiming
  /** Most event streams at once. */
  maxStreams?: number
}

/** `/sessions` and what is below it, but for the sockets. Errors are thrown, for the app that mounts this to answer. */
export function createSessionRoutes({
  sessions,
  archives,
  maxBodyBytes,
  maxArchiveBytes,
  timing,
  maxStreams,
}: SessionRoutesOptions): Hono {
  const app = new Hono()
  const limited = limitBody(maxBodyBytes)

  app.post('/', limited, async (c) => {
    const request = await readBody(c, createSession, 'invalid_request')
    const { transcript, ...rest } = request as CreateSessionRequest
    const { info, created } =
      transcript === undefined
        ? await sessions.create(rest)
        : await archives.takeOver({ ...rest, transcript })
    return c.json(info, created ? 201 : 200)
  })
  app.get('/', async (c) =>
    c.json(await sessions.list.page(c.req.query('after'), readLimit(c), c.req.query('sdkSessionId'))),
  )
  app.get('/:id', async (c) => c.json(await sessions.info(c.req.param('id'))))
  app.patch('/:id', limited, async (c) => {
    const update = await readBody(c, updateSession, 'invalid_request')
    return c.json(await sessions.update(c.req.param('id'), update as SessionUpdate))
  })
  app.delete('/:id', async (c) => {
    await sessions.delete(c.req.param('id'))
    return c.body(null, 204)
  })

  app.post('/:id/messages', limited, async (c) => {
    const { data } = await readBody(c, sendMessage, 'invalid_message')
    const session = await sessions.open(c.req.param('id'))
    return c.json(await session.send(data as UserMessageInput), 202)
  })
  app.delete('/:id/messages/:uuid', async (c) => {
    const session = await sessions.open(c.req.param('id'))
    return c.json(await session.cancel(c.req.param('uuid')))
  })
  app.post('/:id/interrupt', async (c) => {
    const session = await sessions.open(c.req.param('id'))
    session.interrupt()
    return c.json({}, 202)
  })
  app.post('/:id/release', async (c) => {
    const session = await sessions.open(c.req.param('id'))
    return c.json(session.release(), 202)
  })
  app.post('/:id/asks/:ask', limited, async (c) => {
    const { by = 'http', ...answer } = (await readBody(c, answerAsk, 'invalid_request')) as AnswerRequest
    const checked = readAnswer(answer, 'invalid_request')
    const session = await sessions.open(c.req.param('id'))
    return c.json(await session.answer(c.req.param('ask'), checked, by))
  })
  app.post('/:id/calls', limited, async (c) => {
    const { method, args = [] } = await readBody(c, callRequest, 'invalid_request')
    const session = await sessions.open(c.req.param('id'))
    return c.json((await session.call(method, args, 'http')) as never)
  })
  app.route('/', createArchiveRoutes({ archives, limited, maxArchiveBytes }))
  app.route('/', createEventRoutes(sessions, { timing, maxStreams }))
  return app
}
