import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Options, query, type Query, type SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import type { QueryConfig } from '@claude-agent/protocol'
import { type ScriptedClaude, startScriptedClaude } from 'scripted-claude'
import { expect, onTestFinished, test } from 'vitest'
import { acceptConfig } from '../../src/policy/accept-config.ts'
import { completeAgents } from '../../src/policy/agents.ts'
import { SETTINGS } from '../../src/policy/settings.ts'
import { temporaryFolder } from '../support.ts'

// What the policy says of the real CLI, asked of the real CLI.

async function scripted(): Promise<ScriptedClaude> {
  const claude = await startScriptedClaude({
    script: {
      rules: [
        {
          match: { lastUserText: 'run' },
          answers: [
            [{ toolUse: { name: 'Bash', input: { command: 'echo "path is $PATH"' } } }],
            [{ text: 'ok' }],
          ],
        },
      ],
      fallback: [{ text: 'ok' }],
    },
  })
  onTestFinished(() => claude.close())
  return claude
}

interface Machine {
  home: string
  workspace: string
  options: Options
}

/** A home and a workspace, and options to start the CLI in them against a model of ours. */
async function machine(url: string): Promise<Machine> {
  const home = await temporaryFolder()
  const workspace = join(home, 'workspace')
  await mkdir(join(workspace, '.claude'), { recursive: true })
  const env = {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: home,
    ANTHROPIC_API_KEY: 'sk-fake',
    ANTHROPIC_BASE_URL: url,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_TELEMETRY: '1',
    IS_SANDBOX: '1',
  }
  const options: Options = {
    cwd: workspace,
    env,
    settingSources: ['project'],
    permissionMode: 'bypassPermissions',
    allowDangerouslySkipPermissions: true,
    mcpServersDelivery: 'initialize',
  }
  return { home, workspace, options }
}

/** One prompt in streaming input mode, and every message up to its result. */
async function ask(prompt: string, options: Options): Promise<SDKMessage[]> {
  const messages: SDKMessage[] = []
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const input = (async function* () {
    yield {
      type: 'user' as const,
      message: { role: 'user' as const, content: prompt },
      parent_tool_use_id: null,
    }
  })()
  for await (const message of query({ prompt: input, options: { ...options, abortController: stop } })) {
    messages.push(message)
  }
  return messages
}

function startedWith(messages: readonly SDKMessage[]): Extract<SDKMessage, { subtype: 'init' }> {
  const init = messages.find((message) => message.type === 'system' && message.subtype === 'init')
  return init as Extract<SDKMessage, { subtype: 'init' }>
}

test('the README’s agent without a prompt is there once it is completed, beside the others', async () => {
  const claude = await scripted()
  const { options } = await machine(claude.url)
  const { agents } = acceptConfig(
    {
      agents: {
        myAgent: { name: 'My Custom Agent', description: 'A custom agent' },
        bare: {},
        full: {
          description: 'd',
          prompt: 'p',
          tools: ['Read'],
          disallowedTools: [],
          model: 'inherit',
          mcpServers: ['x', { y: { command: 'true' }, z: { type: 'http', url: 'http://127.0.0.1:9' } }],
          skills: [],
          initialPrompt: '',
          maxTurns: 3,
          autoCompactWindow: 100_000,
          background: false,
          omitClaudeMd: true,
          memory: 'project',
          effort: 'high',
          permissionMode: 'manual',
          observer: '',
          isolation: 'worktree',
          hooks: { Stop: [{ hooks: [{ type: 'command', command: 'true' }] }] },
        },
      },
    },
    {},
  )
  const completed = await ask('hello', { ...options, agents: completeAgents(agents ?? {}) })
  expect(startedWith(completed).agents).toEqual(expect.arrayContaining(['myAgent', 'bare', 'full']))
  expect(completed.at(-1)).toMatchObject({ type: 'result', subtype: 'success' })

  // Why they are completed: as posted, the one without a prompt takes all others with it.
  const asPosted = await ask('hello', { ...options, agents: agents ?? {} })
  expect(startedWith(asPosted).agents).not.toContain('full')
})

test('servers of every kind that the policy accepts are taken by the CLI, and none is dropped', async () => {
  const claude = await scripted()
  const { options } = await machine(claude.url)
  const { mcpServers } = acceptConfig(
    {
      mcpServers: {
        stdio: {
          command: 'true',
          args: ['x'],
          env: { A: 'b' },
          timeout: 5000,
          alwaysLoad: false,
          unknown: [1],
        },
        http: { type: 'http', url: 'http://127.0.0.1:9', headers: { A: 'b' }, oauth: { clientId: 'x' } },
        sse: {
          type: 'sse',
          url: 'http://127.0.0.1:9',
          tools: [{ name: 'a', permission_policy: 'always_ask' }],
        },
        ws: { type: 'ws', url: 'ws://127.0.0.1:9', headers: {} },
        constructor: { type: 'stdio', command: 'true' },
      },
    },
    {},
  )
  const messages = await ask('hello', { ...options, mcpServers: mcpServers ?? {} })
  const names = startedWith(messages).mcp_servers.map((server) => server.name)
  expect(names.sort()).toEqual(['constructor', 'http', 'sse', 'stdio', 'ws'])
})

test('odd values that the policy lets through for the CLI to judge do not end it', async () => {
  const claude = await scripted()
  const { options } = await machine(claude.url)
  const config: QueryConfig = acceptConfig(
    {
      allowedTools: ['read_file', 'Bash(', ''],
      betas: ['not-known'],
      effort: 'not-known',
      maxTurns: -1,
      maxThinkingTokens: -1,
      model: '',
      permissionMode: 'manual',
      permissionPrompts: 'none',
      plugins: [{ type: 'local', path: './missing' }],
      agent: 'missing',
      tools: ['Missing'],
      title: '',
      toolAliases: { Bash: 'Missing' },
    },
    {},
  )
  expect((await ask('hello', { ...options, ...config })).at(-1)).toMatchObject({
    type: 'result',
    subtype: 'success',
  })
})

test('one setting of a wrong type makes the CLI drop all, the pinned address too: why each is judged here', async () => {
  const [ours, theirs] = [await scripted(), await scripted()]
  const { workspace, options } = await machine(ours.url)
  await writeFile(
    join(workspace, '.claude', 'settings.json'),
    JSON.stringify({ env: { ANTHROPIC_BASE_URL: theirs.url } }),
  )
  const pin = { env: { ANTHROPIC_BASE_URL: ours.url } }
  await ask('hello', { ...options, settings: pin })
  expect(theirs.requests).toHaveLength(0)

  const wrong = { ...pin, verbose: 'yes' } as unknown as NonNullable<Options['settings']>
  await ask('hello', { ...options, settings: wrong })
  expect(theirs.requests.length).toBeGreaterThan(0)
  expect(() => acceptConfig({ settings: { verbose: 'yes' } }, {})).toThrow(
    "'settings.verbose' must be true or false",
  )
})

/** Settings for the battery: what stands in one field, and what stands in a known object. */
function battery(): Record<string, unknown>[] {
  const values = [
    5,
    -1,
    0.5,
    'x',
    '',
    true,
    [],
    ['x'],
    [5],
    {},
    { a: 5 },
    { a: 'off' },
    { enabled: 'x' },
    'disable',
    'small',
  ]
  const single = Object.keys(SETTINGS).flatMap((name) => values.map((value) => ({ [name]: value })))
  const hook = (fields: object): Record<string, unknown> => ({ hooks: { PreToolUse: [{ hooks: [fields] }] } })
  const nested = {
    permissions:
      'allow deny ask defaultMode disableAutoMode denyInsteadOfPrompting workingDirectoriesExclude',
    sandbox: 'enabled network filesystem credentials ignoreViolations excludedCommands allowAppleEvents',
    autoMode: 'allow soft_deny environment classifyAllShell',
    attribution: 'commit sessionUrl',
  }
  const inner = Object.entries(nested).flatMap(([name, fields]) =>
    fields.split(' ').flatMap((field) => values.map((value) => ({ [name]: { [field]: value } }))),
  )
  const network = 'allowedDomains strictAllowlist httpProxyPort tlsTerminate'.split(' ')
  const hookFields = 'args if shell timeout onFailure once async statusMessage'.split(' ')
  return [
    ...single,
    ...inner,
    ...network.flatMap((field) => values.map((value) => ({ sandbox: { network: { [field]: value } } }))),
    ...hookFields.flatMap((field) =>
      values.map((value) => hook({ type: 'command', command: 'true', [field]: value })),
    ),
    ...values.map((value) => hook({ type: 'http', url: value })),
    ...values.map((value) => ({ sandbox: { credentials: { envVars: [{ name: value, mode: 'deny' }] } } })),
    ...values.map((value) => ({ sandbox: { credentials: { files: [{ path: value, mode: 'mask' }] } } })),
    ...values.map((value) => ({ env: { A: value } })),
  ]
}

test('no setting that the policy accepts makes the CLI drop the others', async () => {
  const claude = await scripted()
  const { options } = await machine(claude.url)
  const { running, finish } = park(options)
  await running.initializationResult()
  const accepted = battery().filter((settings) => isAccepted({ settings }))
  const dropped: unknown[] = []
  for (const settings of accepted) {
    await running.applyFlagSettings(settings).catch((error: unknown) => {
      // An agent that is not there is no fault of the setting, and at the start the CLI passes over it.
      if (!String(error).includes('not found')) dropped.push(settings)
    })
    await running.applyFlagSettings(Object.fromEntries(Object.keys(settings).map((name) => [name, null])))
  }
  await finish()
  expect(dropped).toEqual([])
  expect(accepted.length).toBeGreaterThan(400)
}, 120_000)

function isAccepted(body: unknown): boolean {
  try {
    acceptConfig(body, {})
    return true
  } catch {
    return false
  }
}

/** A CLI that waits for a prompt which never comes. */
function park(options: Options): { running: Query; finish: () => Promise<void> } {
  let end: (() => void) | undefined
  const ended = new Promise<void>((resolve) => (end = resolve))
  // oxlint-disable-next-line require-yield
  const input = (async function* (): AsyncGenerator<never> {
    await ended
  })()
  const running = query({ prompt: input, options })
  const read = (async () => {
    for await (const _ of running);
  })()
  const finish = async (): Promise<void> => {
    end?.()
    await read
  }
  onTestFinished(finish)
  return { running, finish }
}

test('PATH in settings.env reaches the tools of the agent', async () => {
  const claude = await scripted()
  const { home, options } = await machine(claude.url)
  const { settings } = acceptConfig({ settings: { env: { PATH: `${home}/bin:/usr/bin:/bin` } } }, {})
  const messages = await ask('run', { ...options, ...(settings === undefined ? {} : { settings }) })
  expect(JSON.stringify(messages)).toContain(`path is ${home}/bin:/usr/bin:/bin`)
  expect(existsSync(join(home, '.claude'))).toBe(true)
})
