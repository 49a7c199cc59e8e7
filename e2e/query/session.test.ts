import { connect } from '@claude-agent/client'
import { describe, expect, test } from '../sessions/support/shared.ts'
import { requestsWith, userTexts } from '../sessions/support/model.ts'
import { onServer, said, tell } from './support/sides.ts'

const BLUE = { behavior: 'allow', updatedInput: { answers: { 'Which colour?': 'Blue' } } } as const

describe('a query on a session that its caller names', () => {
  test('yields what happens from then on, and leaves the session and its process as they are', async ({
    stage,
    world,
  }) => {
    const session = await connect({ url: stage.server.url }).createSession({ options: { model: 'claude-x' } })
    world.defer(() => session.close())
    await session.prompt('before')
    const { lines, end, messages } = await tell(onServer(stage, session.id)({ prompt: 'after' }))
    expect(end).toBe('done')
    expect(lines.filter((line) => !line.startsWith('system'))).toEqual([
      'assistant ["text","echo: after",null,null,null,null]',
      'result/success completed echo: after',
    ])
    const info = await session.info()
    expect(info).toMatchObject({ interactive: true, questions: 'defer', options: { model: 'claude-x' } })
    expect(info.sdkSessionId).toBe(messages[0]!.session_id)
    // The process stayed: the next prompt needs no other.
    const started = await session.call('accountInfo')
    expect(started).toBeDefined()
  })

  test('in which a question ends the turn for now shows one turn all the same', async ({ stage, world }) => {
    const session = await connect({ url: stage.server.url }).createSession()
    world.defer(() => session.close())
    const { lines, end } = await tell(
      onServer(
        stage,
        session.id,
      )({ prompt: 'ask: Which colour?', options: { canUseTool: async () => BLUE } }),
    )
    expect(end).toBe('done')
    // The CLI tells of what it was reminded of when it goes on.
    const kinds = lines.map((line) => line.split(' ')[0]).filter((kind) => kind !== 'attachment')
    expect(kinds).toEqual(['system/init', 'assistant', 'user', 'assistant', 'result/success'])
    expect(lines.at(-1)).toContain('"Which colour?"="Blue"')
  })

  test('leaves asks to others for which it has no callback', async ({ stage, world }) => {
    const session = await connect({ url: stage.server.url }).createSession({
      options: { permissionMode: 'default' },
    })
    world.defer(() => session.close())
    session.on('ask', async (ask) => void (await session.decline(ask, 'Declined by another.')))
    const { lines } = await tell(onServer(stage, session.id)({ prompt: 'write: shared.txt' }))
    expect(lines.at(-1)).toContain('Declined by another.')
  })
})

describe('options that choose a session', () => {
  test('`resume` goes on with the conversation, with the options and callbacks of the new query', async ({
    stage,
  }) => {
    const query = onServer(stage)
    const first = await tell(query({ prompt: 'write: a.txt' }))
    expect(first.lines.at(-1)).toContain('granted')
    const { session_id } = first.messages[0]!
    const asked: string[] = []
    const second = await tell(
      query({
        prompt: 'ask: Which colour?',
        options: {
          resume: session_id!,
          model: 'claude-y',
          canUseTool: async (name) => {
            asked.push(name)
            return BLUE
          },
        },
      }),
    )
    expect(asked).toEqual(['AskUserQuestion'])
    expect(second.messages[0]).toMatchObject({ session_id, model: 'claude-y' })
    const sessions = await connect({ url: stage.server.url }).listSessions({ limit: 1000 })
    expect(sessions.sessions.filter(({ sdkSessionId }) => sdkSessionId === session_id)).toHaveLength(1)
  })

  test('`forkSession` goes on with a copy, up to the turn that `resumeSessionAt` names', async ({
    stage,
  }) => {
    const query = onServer(stage)
    const first = await tell(query({ prompt: said('one', 'two') }))
    const { session_id } = first.messages[0]!
    const { uuid } = first.messages.find(({ type }) => type === 'assistant')!
    const fork = { resume: session_id!, forkSession: true, resumeSessionAt: uuid! }
    const { end, messages } = await tell(query({ prompt: 'three', options: fork }))
    expect(end).toBe('done')
    expect(messages[0]!.session_id).not.toBe(session_id)
    const texts = userTexts(requestsWith(stage.claude, 'three').at(-1)!.body).join()
    expect(texts).toContain('one')
    expect(texts).not.toContain('two')
  })

  test('`resume` of what is not there says so', async ({ stage }) => {
    const resume = '00000000-0000-4000-8000-000000000000'
    const { end } = await tell(onServer(stage)({ prompt: 'Hello', options: { resume } }))
    expect(end).toBe(`No conversation found with session ID: ${resume}`)
  })

  test('`continue` goes on with the latest of queries', async ({ stage }) => {
    const query = onServer(stage)
    const first = await tell(query({ prompt: 'Hello' }))
    await connect({ url: stage.server.url }).createSession()
    const second = await tell(query({ prompt: 'And on', options: { continue: true } }))
    expect(second.messages[0]!.session_id).toBe(first.messages[0]!.session_id)
  })

  test('`sessionId` names the session', async ({ stage }) => {
    const sessionId = crypto.randomUUID()
    await tell(onServer(stage)({ prompt: 'Hello', options: { sessionId, title: 'Named' } }))
    const info = await connect({ url: stage.server.url }).session(sessionId).info()
    expect(info).toMatchObject({ id: sessionId, title: 'Named' })
  })
})
