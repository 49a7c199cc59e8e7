import { query, type Options } from '@anthropic-ai/claude-agent-sdk'
import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { acceptConfig } from '../../../src/policy/accept-config.ts'
import { readArguments } from '../../../src/policy/stdio/arguments.ts'

/** The command line that the SDK itself makes of options. */
function argumentsOf(options: Options): string[] {
  let args: string[] = []
  const stdin = new PassThrough()
  const stdout = new PassThrough()
  const state = { killed: false, exitCode: null, signalCode: null, kill: () => true }
  const conversation = query({
    prompt: (async function* () {})(),
    options: {
      env: {},
      ...options,
      spawnClaudeCodeProcess: (spawn) => {
        args = spawn.args
        return Object.assign(new EventEmitter(), { stdin, stdout, ...state }) as never
      },
    },
  })
  stdout.end()
  conversation.close()
  return args.slice(args.indexOf('--output-format'))
}

const OPTIONS: Options = {
  model: 'claude-a',
  fallbackModel: 'claude-b',
  agent: 'reviewer',
  effort: 'high',
  maxTurns: 3,
  maxBudgetUsd: 0.5,
  taskBudget: { total: 1000 },
  betas: ['context-1m-2025-08-07'],
  permissionMode: 'plan',
  permissionPrompts: 'host',
  allowedTools: ['Bash(git log, git diff)', 'Read'],
  disallowedTools: ['WebFetch'],
  tools: ['Bash', 'Read'],
  settingSources: [],
  settings: { language: 'de', env: { A: 'b' } },
  mcpServers: { far: { type: 'http', url: 'http://far/', headers: { key: 'v' } } },
  strictMcpConfig: true,
  includeHookEvents: true,
  includePartialMessages: true,
  thinking: { type: 'adaptive', display: 'omitted' },
  outputFormat: { type: 'json_schema', schema: { type: 'object' } },
  plugins: [
    { type: 'local', path: './one' },
    { type: 'local', path: './two', skipMcpDiscovery: true },
  ],
}

test('what the SDK makes of options is read back into them, and let through by their policy', () => {
  const { options, ...plan } = readArguments(argumentsOf(OPTIONS))
  expect(plan).toEqual({ asks: false, mayBypass: false })
  const { allowedTools, ...rest } = acceptConfig(options, {})
  const { allowedTools: given, ...expected } = OPTIONS
  expect(rest).toEqual(expected)
  // Split at commas, and joined again by the SDK.
  expect(allowedTools?.join(',')).toBe(given?.join(','))
})

test.each([
  [{ canUseTool: async () => ({ behavior: 'allow' as const }) }, { asks: true }],
  [{ allowDangerouslySkipPermissions: true }, { mayBypass: true }],
  [{ resume: 'abc' }, { resume: 'abc' }],
  [{ continue: true }, { resume: 'latest' }],
  [
    { sessionId: '0b5b2b0e-0000-4000-8000-000000000000' },
    { sessionId: '0b5b2b0e-0000-4000-8000-000000000000' },
  ],
])('what concerns the process itself is told apart from options: %j', (given, plan) => {
  expect(readArguments(argumentsOf(given as Options))).toMatchObject(plan)
})

test.each([
  [
    { tools: { type: 'preset', preset: 'claude_code' } },
    { tools: { type: 'preset', preset: 'claude_code' } },
  ],
  [{ tools: [] }, { tools: [] }],
  [{ maxThinkingTokens: 1024 }, { thinking: { type: 'enabled', budgetTokens: 1024 } }],
  [{ thinking: { type: 'disabled' } }, { thinking: { type: 'disabled' } }],
  [{ settings: '/etc/x.json' }, { settings: '/etc/x.json' }],
  [{ extraArgs: { model: 'by-hand' } }, { model: 'by-hand' }],
] as [Options, object][])('%j is read', (given, read) => {
  expect(readArguments(argumentsOf(given)).options).toEqual(read)
})

test.each([
  [['--dangerous'], 'option_refused'],
  [['--model'], 'invalid_config'],
  [['--verbose=1'], 'option_refused'],
  [['--output-format', 'text'], 'invalid_config'],
  [['--mcp-config', '/etc/passwd'], 'invalid_config'],
  [['a prompt'], 'option_refused'],
  [['--constructor=x'], 'option_refused'],
])('%j is refused with %s', (args, code) => {
  expect(() => readArguments(args)).toThrow(expect.objectContaining({ code }))
})
