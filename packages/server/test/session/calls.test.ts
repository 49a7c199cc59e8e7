import { CALL_METHODS, type NewEvent, REDACTED } from '@claude-agent/protocol'
import type { ScriptedClaude } from 'scripted-claude'
import { describe, expect, test } from 'vitest'
import { CALLS } from '../../src/policy/calls.ts'
import { Calls } from '../../src/session/calls.ts'
import { SessionState } from '../../src/session/state.ts'
import { until } from '../support.ts'
import { numbered } from './events.ts'
import { createSession, say } from './live-session.ts'

/** The bodies of what the model was asked. */
const bodies = (model: ScriptedClaude): { model: string }[] =>
  model.requests.filter(({ kind }) => kind === 'message').map(({ body }) => body as { model: string })

test('the policy lets through what the protocol names, and nothing else', () => {
  const open = Object.entries(CALLS).filter(([, rule]) => rule.call === 'remote')
  expect(open.map(([name]) => name).toSorted()).toEqual([...CALL_METHODS])
})

describe('a call', () => {
  test('starts the agent if need be, and gives what the SDK gives', async () => {
    const { session, story } = await createSession()
    expect(story()).not.toContain('agent_started')
    const commands = (await session.call('supportedCommands', [], 'ada')) as { name: string }[]
    expect(commands.map(({ name }) => name)).toContain('compact')
    expect(await session.call('mcpServerStatus', [], 'ada')).toEqual([])
    expect(await session.call('initializationResult', [], 'ada')).toHaveProperty('models')
    await until('it is told', () => story().includes('agent_started'))
  })

  test('that changes the agent counts at once, is told, and counts for the next process too', async () => {
    const { session, model, events, ended, story } = await createSession()
    expect(await session.call('setModel', ['claude-haiku-4-5'], 'ada')).toBeNull()
    await ended((await session.send(say('one'))).uuid)
    expect(bodies(model).at(-1)!.model).toContain('haiku')
    expect(events().find(({ type }) => type === 'call_made')).toMatchObject({
      method: 'setModel',
      args: ['claude-haiku-4-5'],
      by: 'ada',
    })
    expect(story().filter((type) => type === 'agent_started')).toHaveLength(1)
    process.kill(session.processId!, 'SIGKILL')
    await until('it is gone', () => story().includes('agent_exited'))
    await ended((await session.send(say('two'))).uuid)
    expect(bodies(model).at(-1)!.model).toContain('haiku')
    expect(story().filter((type) => type === 'agent_started')).toHaveLength(2)
  })

  test('ends to count when options are set', async () => {
    const { session, model, ended } = await createSession()
    await session.call('setModel', ['claude-haiku-4-5'], 'ada')
    await session.update({ options: { model: 'claude-opus-4-5' } })
    await ended((await session.send(say('one'))).uuid)
    expect(bodies(model).at(-1)!.model).toContain('opus')
  })

  test('works in the middle of a turn, which goes on', async () => {
    const { session, ended, streams, outcome, story } = await createSession({
      options: { includePartialMessages: true },
    })
    const { uuid } = await session.send(say('brief'))
    await streams()
    expect(await session.call('getContextUsage', [{ detail: 'summary' }], 'ada')).toHaveProperty(
      'totalTokens',
    )
    await session.call('setPermissionMode', ['plan'], 'ada')
    expect(outcome(uuid)).toBeUndefined()
    expect(await ended(uuid)).toBe('completed')
    expect(story().filter((type) => type === 'agent_started')).toHaveLength(1)
  })

  test('that the agent refuses says why, and nothing is kept of it', async () => {
    const { session, story } = await createSession()
    await expect(session.call('reconnectMcpServer', ['nobody'], 'ada')).rejects.toMatchObject({
      code: 'call_failed',
      message: expect.stringContaining('nobody') as string,
    })
    await expect(session.call('toggleMcpServer', ['nobody', true], 'ada')).rejects.toMatchObject({
      code: 'call_failed',
    })
    expect(story()).not.toContain('call_made')
  })

  test.each([
    ['close', [], 'call_refused'],
    ['streamInput', [[]], 'call_refused'],
    ['constructor', [], 'call_refused'],
    ['next', [], 'call_refused'],
    ['setModel', [7], 'invalid_request'],
    ['setModel', ['a', 'b'], 'invalid_request'],
    ['setPermissionMode', ['everything'], 'invalid_config'],
    ['applyFlagSettings', [{ apiKeyHelper: 'cat' }], 'option_refused'],
    ['applyFlagSettings', [{ env: { ANTHROPIC_BASE_URL: 'http://elsewhere' } }], 'option_refused'],
    ['setMcpServers', [{ one: { type: 'sdk', name: 'one' } }], 'option_refused'],
    ['readFile', ['/etc/passwd', { maxBytes: 'many' }], 'invalid_request'],
    ['reloadPlugins', [{ addPlugins: [{ type: 'local', path: '/' }] }], 'invalid_request'],
  ])('of %s with %j is refused with %s', async (method, args, code) => {
    const { session, story } = await createSession()
    await expect(session.call(method, args, 'ada')).rejects.toMatchObject({ code })
    expect(story()).not.toContain('call_made')
  })

  test('with secrets shows none, adds settings to one another, and a further process gets them all', async () => {
    const { session, events, ended, story } = await createSession()
    await session.call('applyFlagSettings', [{ env: { MY_TOKEN: 'hush-hush' } }], 'ada')
    await session.call('applyFlagSettings', [{ respectGitignore: false }], 'ada')
    process.kill(session.processId!, 'SIGKILL')
    await until('it is gone', () => story().includes('agent_exited'))
    await ended((await session.send(say('print it'))).uuid)
    const told = JSON.stringify(events().filter(({ type }) => type === 'call_made'))
    expect(told).not.toContain('hush-hush')
    expect(told).toContain('respectGitignore')
    const results = JSON.stringify(events().filter(({ type }) => type === 'sdk_message'))
    expect(results).toContain('the token is hush-hush')
  })

  test('ends to count with options, its secrets too, though another of its kind follows', async () => {
    const { session, events, ended, story } = await createSession()
    await session.call('applyFlagSettings', [{ env: { MY_TOKEN: 'hush-hush' } }], 'ada')
    await session.update({ options: { env: { OTHER: 'one' } } })
    await session.call('applyFlagSettings', [{ respectGitignore: false }], 'ada')
    process.kill(session.processId!, 'SIGKILL')
    await until('it is gone', () => story().includes('agent_exited'))
    await ended((await session.send(say('print it'))).uuid)
    expect(JSON.stringify(events())).not.toContain('hush-hush')
  })

  test('that tells of MCP servers tells none of their secrets', async () => {
    const { session } = await createSession()
    const remote = { type: 'http', url: 'http://127.0.0.1:1/?token=hush-url', headers: { A: 'hush-header' } }
    await session.call('setMcpServers', [{ one: remote }], 'ada')
    const told = JSON.stringify(await session.call('mcpServerStatus', [], 'ada'))
    expect(told).toContain('127.0.0.1:1')
    expect(told).not.toContain('hush')
  })

  test('that lasts is refused beyond a hundred, and with names of any length', async () => {
    const { session, story } = await createSession()
    const override = (name: string): Promise<unknown> =>
      session.call('setMcpPermissionModeOverride', [name, 'default'], 'ada')
    await expect(override('x'.repeat(201))).rejects.toMatchObject({ code: 'invalid_request' })
    for (let i = 0; i < 100; i += 1) await override(`server ${i}`)
    await expect(override('one more')).rejects.toMatchObject({ code: 'call_refused' })
    await override('server 7')
    expect(story().filter((type) => type === 'call_made')).toHaveLength(101)
  })

  test('that races with options is made, or says that it may be made again', async () => {
    const { session } = await createSession()
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, (_, i) =>
        i % 2 === 0
          ? session.update({ options: { model: `claude-${i}` } })
          : session.call('supportedModels', [], 'ada'),
      ),
    )
    const failures = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as object] : [],
    )
    for (const failure of failures)
      expect(failure).toMatchObject({ code: 'call_failed', retryAfterMs: expect.any(Number) as number })
    expect(await session.call('supportedModels', [], 'ada')).not.toHaveLength(0)
  })

  test('whose secrets were lost with the server ends to count with the next of its kind', async () => {
    const args = [{ env: { MY_TOKEN: REDACTED } }]
    const state = new SessionState()
    const events: NewEvent[] = [
      { type: 'call_made', method: 'applyFlagSettings', args, key: 'applyFlagSettings[]', by: 'ada' },
    ]
    for (const event of numbered(events, 1)) state.apply(event)
    const told: unknown[] = []
    const errors: NewEvent[] = []
    const agent = {
      call: async (method: string, given: unknown[]) => void told.push([method, given]),
    } as never
    const slot = { agent, adopt: () => {}, ready: async () => agent }
    const calls = new Calls({
      state,
      runner: () => ({ slot, isSuspended: false, mayWarm: true }) as never,
      publish: (event) => errors.push(event),
      offer: async (event) => state.apply(numbered([event], state.seq + 1)[0]!),
    })
    await calls.repeat(agent)
    expect([told, errors.length]).toEqual([[], 1])
    await calls.call('applyFlagSettings', [{ respectGitignore: false }], 'ada')
    await calls.repeat(agent)
    const again = ['applyFlagSettings', [{ respectGitignore: false }]]
    expect(told).toEqual([again, again])
    expect(JSON.stringify([...state.calls])).not.toContain(REDACTED)
  })
})
