import { setTimeout as delay } from 'node:timers/promises'
import { until } from '../support/until.ts'
import {
  attach,
  createSession,
  describe,
  expect,
  obey,
  result,
  says,
  serverOf,
  test,
} from './support/stage.ts'

const PATIENCE = { timeout: 90_000 }

describe('a tool that a client serves', PATIENCE, () => {
  test('is called by the agent, and the model reads its result', async ({ stage, world }) => {
    const session = await createSession(world, stage.server)
    await session.serve({
      mcpServers: serverOf('my', { shout: async ({ text }) => says(text.toUpperCase()) }),
    })
    expect(await result(session, 'use mcp__my__shout {"text":"hello"}')).toBe('got: HELLO')
  })
})
