import type { HookCallback, HookEvent } from '@anthropic-ai/claude-agent-sdk'
import { AWAY_POLICIES } from '@claude-agent/protocol'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from '../support/until.ts'
import { attach, createSession, describe, expect, result, test } from './support/stage.ts'

const PATIENCE = { timeout: 120_000 }

/** What the turns of the last test come to. `SessionStart` runs for callbacks after `/clear` only, as in the SDK. */
const REACHED = [
  'InstructionsLoaded',
  'MessageDisplay',
  'PermissionRequest',
  'PostCompact',
  'PostToolBatch',
  'PostToolUse',
  'PostToolUseFailure',
  'PreCompact',
  'PreToolUse',
  'SessionEnd',
  'SessionStart',
  'Stop',
  'SubagentStart',
  'SubagentStop',
  'UserPromptSubmit',
] as const satisfies readonly HookEvent[]

describe('a hook that a client serves', PATIENCE, () => {
  test('lets a tool run, refuses it with a reason, or changes its input', async ({ stage, world }) => {
    const session = await createSession(world, stage.server)
    const decide: HookCallback = async (input) => {
      const { command } = (input as { tool_input: { command: string } }).tool_input
      if (command.includes('never'))
        return pre({ permissionDecision: 'deny', permissionDecisionReason: 'not today' })
      if (command.includes('old'))
        return pre({ permissionDecision: 'allow', updatedInput: { command: 'echo new' } })
      return {}
    }
    await session.serve({ hooks: { PreToolUse: [{ matcher: 'Bash', hooks: [decide] }] } })
    expect(await result(session, 'use Bash {"command":"echo as it is"}')).toBe('got: as it is')
    expect(await result(session, 'use Bash {"command":"echo never"}')).toContain('not today')
    expect(await result(session, 'use Bash {"command":"echo old"}')).toBe('got: new')
  })

  test('runs for what its matcher fits, with the id of the tool use, and not for other tools', async ({
    stage,
    world,
  }) => {
    const session = await createSession(world, stage.server)
    const ran: string[] = []
    const note =
      (name: string): HookCallback =>
      async (input, toolUseID) => {
        ran.push(`${name}: ${(input as { tool_name: string }).tool_name} ${toolUseID?.slice(0, 6)}`)
        return {}
      }
    await session.serve({
      hooks: {
        PreToolUse: [
          { matcher: 'Write|Edit', hooks: [note('files')] },
          { matcher: 'Bash', hooks: [note('bash'), note('bash too')] },
          { hooks: [note('any')] },
        ],
      },
    })
    await result(session, 'use Bash {"command":"true"}')
    expect(ran.toSorted()).toEqual(['any: Bash toolu_', 'bash too: Bash toolu_', 'bash: Bash toolu_'])
  })

  test('adds to what the model reads of a prompt and of a tool, and holds a turn that wants to end', async ({
    stage,
    world,
  }) => {
    const session = await createSession(world, stage.server)
    let stops = 0
    await session.serve({
      hooks: {
        UserPromptSubmit: [{ hooks: [async () => context('UserPromptSubmit', 'It is Monday.')] }],
        PostToolUse: [{ hooks: [async () => context('PostToolUse', 'The disk is nearly full.')] }],
        Stop: [
          {
            hooks: [async () => ((stops += 1) === 1 ? { decision: 'block', reason: 'Look once more.' } : {})],
          },
        ],
      },
    })
    await result(session, 'use Bash {"command":"echo 1"}')
    const asked = JSON.stringify(stage.claude.requests.findLast(({ kind }) => kind === 'message')?.body)
    for (const text of ['It is Monday.', 'The disk is nearly full.', 'Look once more.'])
      expect(asked).toContain(text)
    expect(stops).toBe(2)
  })

  test('refuses a prompt', async ({ stage, world }) => {
    const session = await createSession(world, stage.server)
    const refuse: HookCallback = async (input) =>
      (input as { prompt: string }).prompt.includes('secret')
        ? { decision: 'block', reason: 'No secrets.' }
        : {}
    await session.serve({ hooks: { UserPromptSubmit: [{ hooks: [refuse] }] } })
    await session.prompt('a secret thing').catch(() => {})
    expect(await result(session, 'a plain thing')).toBe('echo: a plain thing')
    expect(JSON.stringify(stage.claude.requests.map(({ body }) => body))).not.toContain('a secret thing')
  })

  test('that goes on in the background holds nothing up', async ({ stage, world }) => {
    const session = await createSession(world, stage.server)
    await session.serve({ hooks: { PreToolUse: [{ hooks: [async () => ({ async: true })] }] } })
    expect(await result(session, 'use Bash {"command":"echo at once"}')).toBe('got: at once')
  })

  test('that throws is told, and the tool runs; with onFailure block it does not', async ({
    stage,
    world,
  }) => {
    const broken: HookCallback = async () => {
      throw new Error('the hook broke')
    }
    for (const [onFailure, given] of [
      ['continue', /^got: ran$/],
      ['block', /^got: error: /],
    ] as const) {
      const session = await createSession(world, stage.server)
      await session.serve({ hooks: { PreToolUse: [{ onFailure, hooks: [broken] }] } })
      expect(await result(session, 'use Bash {"command":"echo ran"}')).toMatch(given)
    }
  })

  test('that takes longer than its timeout is aborted, and the tool is refused', async ({ stage, world }) => {
    const session = await createSession(world, stage.server)
    let isAborted = false
    const slow: HookCallback = async (_input, _id, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      isAborted = true
      return {}
    }
    await session.serve({ hooks: { PreToolUse: [{ timeout: 1, hooks: [slow] }] } })
    expect(await result(session, 'use Bash {"command":"echo 1"}')).toMatch(/^got: error: .*did not respond/)
    await until('it is aborted', () => isAborted)
  })

  test('of two clients both run, and either may refuse', async ({ stage, world }) => {
    const session = await createSession(world, stage.server)
    const other = attach(world, stage.server, session.id)
    const ran: string[] = []
    const note =
      (name: string, word: string): HookCallback =>
      async (input) => {
        ran.push(name)
        const isRefused = JSON.stringify((input as { tool_input: unknown }).tool_input).includes(word)
        return isRefused
          ? pre({ permissionDecision: 'deny', permissionDecisionReason: `${name} says no` })
          : {}
      }
    await session.serve({ hooks: { PreToolUse: [{ hooks: [note('one', 'red')] }] } })
    await other.serve({ hooks: { PreToolUse: [{ hooks: [note('two', 'blue')] }] } })
    expect(await result(session, 'use Bash {"command":"echo green"}')).toBe('got: green')
    expect(ran.toSorted()).toEqual(['one', 'two'])
    expect(await result(session, 'use Bash {"command":"echo red"}')).toContain('one says no')
    expect(await result(session, 'use Bash {"command":"echo blue"}')).toContain('two says no')
  })

  test('of every kind that a session comes to runs on the client, with the input of the SDK', async ({
    stage,
    world,
  }) => {
    const { server } = stage
    const session = await createSession(world, server, { options: { permissionMode: 'default' } })
    session.on('ask', (ask) => void session.answer(ask, { behavior: 'allow' } as never))
    const inputs = new Map<string, object>()
    const note: HookCallback = async (input) => {
      inputs.set(input.hook_event_name, input)
      return {}
    }
    const hooks = Object.fromEntries(
      (Object.keys(AWAY_POLICIES) as HookEvent[]).map((event) => [event, [{ hooks: [note] }]]),
    )
    await mkdir(join(server.workspace, 'sub'), { recursive: true })
    await writeFile(join(server.workspace, 'CLAUDE.md'), 'Be brief.')
    await session.serve({ hooks })
    await result(session, 'use Bash {"command":"echo x > made.txt"}')
    await result(session, 'use Bash {"command":"exit 3"}')
    await result(session, 'use Agent {"description":"d","subagent_type":"general-purpose","prompt":"say hi"}')
    await result(session, 'use Bash {"command":"cd sub && pwd"}')
    await session.prompt('/compact').catch(() => {})
    await session.prompt('/clear').catch(() => {})
    await until('all of them ran', () => REACHED.every((event) => inputs.has(event)))
    expect(existsSync(join(server.workspace, 'made.txt'))).toBe(true)
    for (const [event, input] of inputs)
      expect(input).toMatchObject({ hook_event_name: event, session_id: expect.any(String) as string })
  })
})

function pre(output: object): { hookSpecificOutput: never } {
  return { hookSpecificOutput: { hookEventName: 'PreToolUse', ...output } as never }
}

function context(hookEventName: string, additionalContext: string): { hookSpecificOutput: never } {
  return { hookSpecificOutput: { hookEventName, additionalContext } as never }
}
