import type { Options } from '@anthropic-ai/claude-agent-sdk'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { query } from '../../src/index.ts'
import { QUERY_OPTIONS } from '../../src/query/options.ts'
import { planQuery } from '../../src/query/plan.ts'

afterEach(() => vi.unstubAllEnvs())

const sdkServer = { type: 'sdk', name: 'here', instance: {} } as never

describe('the options of a query', () => {
  test('travel as the options of its session, but for those that are code, choose it, or mean nothing there', () => {
    const plan = planQuery({
      model: 'claude-x',
      cwd: '/somewhere',
      executable: 'node',
      pathToClaudeCodeExecutable: '/bin/claude',
      mcpServersDelivery: 'argv',
      allowDangerouslySkipPermissions: true,
      resume: 'abc',
      maxTurns: 3,
      stderr: () => {},
    })
    expect(plan.options).toEqual({ model: 'claude-x', maxTurns: 3 })
    expect(plan.opening).toEqual({ resume: 'abc' })
  })

  test('tell which kinds of asks there is a callback for', () => {
    const deny = async () => ({ behavior: 'deny', message: 'no' }) as const
    expect(planQuery({}).kinds).toEqual([])
    expect(planQuery({ canUseTool: deny }).kinds).toEqual(['can_use_tool'])
    const decline = async () => ({ action: 'decline' }) as const
    const cancel = async () => ({ behavior: 'cancelled' }) as const
    const all = planQuery({ canUseTool: deny, onElicitation: decline, onUserDialog: cancel })
    expect(all.kinds.toSorted()).toEqual(['can_use_tool', 'dialog', 'elicitation'])
  })

  test('keep MCP servers of this process here, and let the others travel', () => {
    const there = { type: 'http', url: 'https://mcp.test' } as const
    const plan = planQuery({ mcpServers: { here: sdkServer, there } })
    expect(Object.keys(plan.servers)).toEqual(['here'])
    expect(plan.options.mcpServers).toEqual({ there })
    expect(planQuery({ mcpServers: { here: sdkServer } }).options).toEqual({})
  })

  test('that have no place over the network are refused at once, by name and with the reason', () => {
    for (const [name, { over, why }] of Object.entries(QUERY_OPTIONS)) {
      if (over !== 'refused') continue
      const options = { [name]: {} } as Options
      const expected = expect.objectContaining({
        code: 'option_refused',
        message: expect.stringContaining(why),
      })
      expect(() => planQuery(options), name).toThrow(expected as never)
    }
    expect(() => planQuery({ resume: 'a', resumeSessionAt: 'b' })).toThrow(/forkSession/)
  })

  test('that nobody knows are for the server to judge', () => {
    expect(planQuery({ modle: 'x' } as Options).options).toEqual({ modle: 'x' })
  })

  test('count as absent when they are undefined', () => {
    const plan = planQuery({ model: undefined, extraArgs: undefined } as unknown as Options)
    expect(plan.options).toEqual({})
  })
})

describe('the environment of a query', () => {
  test('travels as it is given, when it is not made from the whole of this process’s', () => {
    vi.stubEnv('TOKEN_OF_A_TEST', 'secret')
    const env = { TOKEN_OF_A_TEST: 'secret', OTHER: 'x', GONE: undefined }
    expect(planQuery({ env }).options).toEqual({ env: { TOKEN_OF_A_TEST: 'secret', OTHER: 'x' } })
  })

  test('that inherits all of this process’s sends only what differs from it: nothing of this machine gets out', () => {
    vi.stubEnv('TOKEN_OF_A_TEST', 'secret')
    const env = { ...process.env, OTHER: 'x', LANG: 'tlh' }
    expect(planQuery({ env }).options).toEqual({ env: { OTHER: 'x', LANG: 'tlh' } })
  })

  test('that inherits what of this process’s is left when its secrets are taken out does not send the rest', () => {
    vi.stubEnv('TOKEN_OF_A_TEST', 'secret')
    vi.stubEnv('ANTHROPIC_API_KEY', 'another')
    const { ANTHROPIC_API_KEY: _, ...left } = process.env
    const env = { ...left, OTHER: 'x' }
    expect(planQuery({ env }).options).toEqual({ env: { OTHER: 'x' } })
  })
})

test('a query without a server says what is missing', () => {
  expect(() => query({ prompt: 'Hi', options: {} as never })).toThrow(
    expect.objectContaining({ code: 'invalid_setting', hint: expect.stringContaining('remote') }) as never,
  )
})
