import { setTimeout as delay } from 'node:timers/promises'
import * as z from 'zod'
import { until } from '../support/until.ts'
import { attach, createSession, describe, expect, result, says, serverOf, test } from './support/stage.ts'

const PATIENCE = { timeout: 120_000 }

/** A red pixel. */
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=='

describe('a tool that a client serves', PATIENCE, () => {
  test('is called by the agent like any other, and the model reads its real result', async ({
    stage,
    world,
  }) => {
    const session = await createSession(world, stage.server)
    const calls: unknown[] = []
    await session.serve({
      mcpServers: serverOf('my', {
        shout: async ({ text }, { _meta }) => {
          calls.push(_meta?.['claudecode/toolUseId'])
          return says(text.toUpperCase())
        },
      }),
    })
    expect(await result(session, 'use mcp__my__shout {"text":"hello"}')).toBe('got: HELLO')
    expect(await session.call('mcpServerStatus')).toMatchObject([{ name: 'my', status: 'connected' }])
    expect(calls).toEqual([expect.stringContaining('toolu_')])
  })

  test('runs beside another at the same time, each with its own result', async ({ stage, world }) => {
    const session = await createSession(world, stage.server)
    let running = 0
    let most = 0
    const wait = async ({ text }: { text: string }) => {
      most = Math.max(most, (running += 1))
      await until('both run', () => running === 2 || most === 2)
      return says(`${text} done`)
    }
    const server = serverOf('my', { wait })
    // The CLI runs those at the same time that say that they change nothing.
    for (const [, each] of Object.entries(toolsOf(server['my']!.instance)))
      each.annotations = { readOnlyHint: true }
    await session.serve({ mcpServers: server })
    const prompt = 'use mcp__my__wait {"text":"one"}\nuse mcp__my__wait {"text":"two"}'
    const given = (await result(session, prompt)).slice('got: '.length).split(' | ')
    expect(given.toSorted()).toEqual(['one done', 'two done'])
    expect(most).toBe(2)
  })

  test('gives errors and images as they are, and what it throws as an error that the model reads', async ({
    stage,
    world,
  }) => {
    const session = await createSession(world, stage.server)
    await session.serve({
      mcpServers: serverOf('my', {
        fail: async () => ({ ...says('no luck today'), isError: true }),
        crash: async () => {
          throw new Error('out of order')
        },
        draw: async () => ({ content: [{ type: 'image', data: PIXEL, mimeType: 'image/png' }] }),
      }),
    })
    expect(await result(session, 'use mcp__my__fail {"text":""}')).toMatch(/^got: error: no luck today/)
    expect(await result(session, 'use mcp__my__crash {"text":""}')).toContain('out of order')
    await result(session, 'use mcp__my__draw {"text":"a pixel"}')
    expect(JSON.stringify(stage.claude.requests.at(-1)?.body)).toContain(PIXEL)
  })

  test('is aborted when the turn is interrupted, and the conversation goes on', async ({ stage, world }) => {
    const session = await createSession(world, stage.server)
    let isAborted = false
    let isCalled = false
    await session.serve({
      mcpServers: serverOf('my', {
        hang: async (_, { signal }) => {
          isCalled = true
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
          isAborted = true
          return says('too late')
        },
      }),
    })
    const turn = session.prompt('use mcp__my__hang {"text":""}')
    await until('the tool is called', () => isCalled)
    await session.interrupt()
    await expect(turn).rejects.toMatchObject({ outcome: 'interrupted' })
    await until('it is aborted', () => isAborted)
    expect(await result(session, 'still there?')).toBe('echo: still there?')
  })

  test('of two clients each answers for its own, and one is told of the other', async ({ stage, world }) => {
    const session = await createSession(world, stage.server)
    const other = attach(world, stage.server, session.id)
    await session.serve({ mcpServers: serverOf('one', { tell: async () => says('from one') }) })
    const serving = await other.serve({
      client: { id: 'the other', secret: 'known to nobody but it' },
      mcpServers: serverOf('two', { tell: async () => says('from two') }),
    })
    const prompt = 'use mcp__one__tell {"text":""}\nuse mcp__two__tell {"text":""}'
    expect(await result(session, prompt)).toBe('got: from one | from two')
    await serving.close()
    expect(await result(session, prompt)).toMatch(/^got: from one \| error: .*No such tool/)
    const registered = []
    for await (const event of session.events()) {
      if (event.type === 'client_registered') registered.push(event)
      if (event.type === 'caught_up') break
    }
    expect(registered).toMatchObject([{}, { client: 'the other' }, { client: 'the other', registration: {} }])
    expect(JSON.stringify(registered)).not.toContain('known to nobody')
  })

  test('that comes in the middle of a turn is there from the next turn on; the same again starts nothing anew', async ({
    stage,
    world,
  }) => {
    const session = await createSession(world, stage.server)
    await session.serve({
      mcpServers: serverOf('slow', {
        wait: async () => {
          await session.serve({ client, mcpServers: serverOf('late', { tell: async () => says('late') }) })
          return says('waited')
        },
      }),
    })
    const client = { id: 'late', secret: 'a secret of this test' }
    expect(await result(session, 'use mcp__slow__wait {"text":""}')).toBe('got: waited')
    expect(await result(session, 'use mcp__late__tell {"text":""}')).toBe('got: late')
    const starts = await startsOf(session)
    const again = attach(world, stage.server, session.id)
    await again.serve({ client, mcpServers: serverOf('late', { tell: async () => says('later') }) })
    expect(await result(session, 'use mcp__late__tell {"text":""}')).toBe('got: later')
    expect(await startsOf(session)).toBe(starts)
  })

  test('that was added to its server meanwhile is there from the next turn on', async ({ stage, world }) => {
    const session = await createSession(world, stage.server)
    const server = serverOf('grows', { first: async () => says('first') })
    await session.serve({ mcpServers: server })
    expect(await result(session, 'use mcp__grows__first {"text":""}')).toBe('got: first')
    server['grows']!.instance.tool('second', async () => says('second'))
    await until('it is registered', async () => JSON.stringify(await eventsOf(session)).includes('"second"'))
    expect(await result(session, 'use mcp__grows__second {}')).toBe('got: second')
  })

  test('stays when other servers are set by a call', async ({ stage, world }) => {
    const session = await createSession(world, stage.server)
    await session.serve({ mcpServers: serverOf('my', { tell: async () => says('still here') }) })
    await session.call('setMcpServers', { none: { type: 'stdio', command: 'false' } })
    expect(await result(session, 'use mcp__my__tell {"text":""}')).toBe('got: still here')
  })

  test('asks back and is answered, where its server does', async ({ stage, world }) => {
    const session = await createSession(world, stage.server)
    const server = serverOf('my', {
      ping: async (_, extra) => {
        await extra.sendRequest({ method: 'ping' }, z.object({}))
        return says('it answers')
      },
    })
    await session.serve({ mcpServers: server })
    expect(await result(session, 'use mcp__my__ping {"text":""}')).toBe('got: it answers')
  })
})

/** The tools of a server of the MCP SDK. */
function toolsOf(instance: unknown): Record<string, { annotations?: object }> {
  return (instance as { _registeredTools: Record<string, { annotations?: object }> })._registeredTools
}

type Session = Awaited<ReturnType<typeof createSession>>

async function eventsOf(session: Session): Promise<{ type: string }[]> {
  const events = []
  for await (const event of session.events({ partials: false })) {
    events.push(event)
    if (event.type === 'caught_up') break
  }
  return events
}

async function startsOf(session: Session): Promise<number> {
  await delay(300)
  return (await eventsOf(session)).filter(({ type }) => type === 'agent_started').length
}
