import { setTimeout as delay } from 'node:timers/promises'
import { ask } from '../support/http.ts'
import { agentProcesses, processesWith, signal } from '../support/processes.ts'
import { bash } from '../support/messages.ts'
import { describe, expect, test } from '../support/test.ts'
import { until } from '../support/until.ts'
import { startSealed, TOKEN } from './support/sealed-server.ts'

const authorization = `Bearer ${TOKEN}`
const lease = (timeoutMs: unknown): string => JSON.stringify({ timeoutMs })

describe('a server with a lease', () => {
  test('ends in order when it is over, in the middle of a turn: exit code 0, a word on stderr, no process left', async ({
    world,
  }) => {
    const { client, server } = await world.talk([bash('work', 'tail -f /dev/null -s 4731.1')])
    client.prompt('work')
    await until('it runs', async () => (await processesWith('-s 4731.1')).length > 0)
    const answer = await ask(`${server.url}/lease`, { method: 'POST', body: lease(1000) })
    expect([answer.status, answer.json]).toEqual([200, { timeoutMs: 1000 }])
    expect(await client.closed).toMatchObject({ code: 1012 })
    expect(await server.program.ended).toMatchObject({
      code: 0,
      signal: null,
      stderr: expect.stringMatching(/lease is over/) as string,
    })
    expect(await processesWith('-s 4731.')).toEqual([])
    await server.cleared(0)
  })

  test('from its settings says so at its start, and ends by itself', async ({ world }) => {
    const server = await world.server({ env: { CLAUDE_AGENT_LEASE_MS: '1' } })
    expect(server.logs()).toMatch(/lease +it ends after 1 ms/)
    expect(await server.program.ended).toMatchObject({ code: 0, signal: null })
    await server.cleared(0)
  })

  test('lets nobody extend it without the token, and stays as it was after a wrong request', async ({
    world,
  }) => {
    const server = await world.server({ token: TOKEN, env: { CLAUDE_AGENT_LEASE_MS: '60000' } })
    const post = (body: string, headers = {}): ReturnType<typeof ask> =>
      ask(`${server.url}/lease`, { method: 'POST', body, headers })
    expect((await post(lease(5000))).json).toMatchObject({ code: 'unauthorized' })
    for (const timeoutMs of [0, 999, 86_400_001, '5000', null])
      expect(await post(lease(timeoutMs), { authorization })).toMatchObject({
        status: 400,
        json: { code: 'invalid_request' },
      })
    expect((await post(lease(86_400_000), { authorization })).json).toEqual({ timeoutMs: 86_400_000 })
  })

  test('does not count the time for which it was frozen', async ({ world }) => {
    const server = await world.server()
    await ask(`${server.url}/lease`, { method: 'POST', body: lease(4000) })
    signal(server.pid, 'SIGSTOP')
    await delay(4500)
    signal(server.pid, 'SIGCONT')
    expect((await ask(`${server.url}/health`)).json).toMatchObject({ status: 'ok' })
    expect(await server.program.ended).toMatchObject({ code: 0 })
  })

  test('has it from the moment on that it is unsealed', async ({ world }) => {
    const sealed = await startSealed(world, { CLAUDE_AGENT_LEASE_MS: '1' })
    expect((await ask(`${sealed.url}/health`)).json).toMatchObject({ sealed: true })
    await sealed.give({ CLAUDE_AGENT_TOKEN: TOKEN })
    expect(await sealed.program.ended).toMatchObject({ code: 0 })
    expect(await agentProcesses(sealed.dataDir)).toEqual([])
  })
})
