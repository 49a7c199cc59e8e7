import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import { AbortError, connect, type SessionInfo } from '@claude-agent/client'
import { describe, expect, type Stage, test } from '../sessions/support/shared.ts'
import { agentProcesses } from '../support/processes.ts'
import { until } from '../support/until.ts'
import { onServer, tell } from './support/sides.ts'

const isInit = (message: SDKMessage): boolean => message.type === 'system' && message.subtype === 'init'

/** The session whose conversation a message is of. */
async function sessionOf({ server }: Stage, [message]: SDKMessage[]): Promise<SessionInfo> {
  for await (const info of connect({ url: server.url }).sessions())
    if (info.sdkSessionId === message!.session_id) return info
  throw new Error('There is no such session.')
}

/** Resolves when no CLI runs on a conversation. */
async function gone({ server }: Stage, [message]: SDKMessage[]): Promise<void> {
  await until('its process is gone', async () => {
    const agents = await agentProcesses(server.dataDir)
    return agents.every(({ command }) => !command.includes(message!.session_id!))
  })
}

describe('at the end of a query', () => {
  test('its session stays, idle, and its process has been given back', async ({ stage }) => {
    const { messages, end } = await tell(onServer(stage)({ prompt: 'Hello' }))
    expect(end).toBe('done')
    const info = await sessionOf(stage, messages)
    expect(info).toMatchObject({
      status: 'idle',
      metadata: { madeBy: 'query()' },
      interactive: [],
      questions: 'hold',
      usage: { turns: 1 },
    })
    const session = connect({ url: stage.server.url }).session(info.id)
    for await (const event of session.events()) {
      if (event.type === 'caught_up') throw new Error('No end of the process is told.')
      if (event.type !== 'agent_exited') continue
      expect(event).toMatchObject({ reason: 'released', code: 0 })
      break
    }
  })

  test('that is left with `break` its turn is stopped', async ({ stage }) => {
    const messages: SDKMessage[] = []
    for await (const message of onServer(stage)({ prompt: 'talk: without an end' })) {
      messages.push(message)
      if (isInit(message)) break
    }
    expect(messages).toHaveLength(1)
    await gone(stage, messages)
    expect(await sessionOf(stage, messages)).toMatchObject({ status: 'idle', queuedPrompts: 0 })
  })

  test('that is aborted an AbortError is thrown, after the messages until then, and callbacks hear of it', async ({
    stage,
  }) => {
    const abortController = new AbortController()
    let heard: AbortSignal | undefined
    const query = onServer(stage)({
      prompt: 'write: aborted.txt',
      options: {
        abortController,
        canUseTool: async (_name, _input, { signal }) => {
          heard = signal
          setTimeout(() => abortController.abort(), 100)
          return await new Promise(() => {})
        },
      },
    })
    const messages: SDKMessage[] = []
    const failure = await (async () => {
      for await (const message of query) messages.push(message)
    })().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(AbortError)
    expect(failure).toMatchObject({ message: 'Claude Code process aborted by user' })
    expect(messages.map(({ type }) => type)).toEqual(['system', 'assistant'])
    expect(heard?.aborted).toBe(true)
    await gone(stage, messages)
    expect(await sessionOf(stage, messages)).toMatchObject({ status: 'idle', asks: [] })
    expect(existsSync(join(stage.server.workspace, 'aborted.txt'))).toBe(false)
  })

  test('prompts that wait are taken back, and methods reject', async ({ stage }) => {
    const query = onServer(stage)({
      prompt: (async function* () {
        for (const content of ['hang: one', 'two', 'three'])
          yield { type: 'user', message: { role: 'user', content }, parent_tool_use_id: null } as const
      })(),
    })
    const messages = [(await query.next()).value as SDKMessage]
    const { id } = await sessionOf(stage, messages)
    const session = connect({ url: stage.server.url }).session(id)
    await until('the others wait', async () => (await session.info()).queuedPrompts === 2)
    const pending = query.next()
    query.close()
    expect(await pending).toEqual({ done: true, value: undefined })
    expect(await query.next()).toEqual({ done: true, value: undefined })
    await expect(query.supportedModels()).rejects.toThrow('Query closed before response received')
    await until('it is at rest', async () => (await session.info()).status === 'idle')
    expect((await session.info()).usage.turns).toBe(1)
  })

  test('with `throw()` that is what it rejects with', async ({ stage }) => {
    const query = onServer(stage)({ prompt: 'hang' })
    await query.next()
    await expect(query.throw(new Error('mine'))).rejects.toThrow('mine')
    expect(await query.next()).toEqual({ done: true, value: undefined })
  })
})

describe('a query that cannot begin', () => {
  test('throws why in its iteration, and rejects what is called', async ({ stage }) => {
    const refused = onServer(stage)({ prompt: 'Hello', options: { env: { LD_PRELOAD: '/x.so' } } })
    await expect(refused.next()).rejects.toMatchObject({ code: 'option_refused' })
    await expect(refused.setModel('x')).rejects.toThrow()
    const nowhere = onServer(stage, 'no-such-session')({ prompt: 'Hello' })
    await expect(nowhere.next()).rejects.toMatchObject({ code: 'session_not_found' })
  })

  test('because it was aborted before throws that, and makes nothing', async ({ stage }) => {
    const { sessions } = await connect({ url: stage.server.url }).listSessions({ limit: 1000 })
    const abortController = new AbortController()
    abortController.abort()
    const query = onServer(stage)({ prompt: 'Hello', options: { abortController } })
    await expect(query.next()).rejects.toBeInstanceOf(AbortError)
    const after = await connect({ url: stage.server.url }).listSessions({ limit: 1000 })
    expect(after.sessions).toHaveLength(sessions.length)
  })
})
