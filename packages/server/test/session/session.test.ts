import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { UserMessageInput } from '@claude-agent/protocol'
import { startScriptedClaude, type ScriptedClaude, type Script } from 'scripted-claude'
import { describe, expect, onTestFinished, test } from 'vitest'
import { AgentHost } from '../../src/agent/agent-host.ts'
import { Broker } from '../../src/agent/broker/broker.ts'
import { createBaseEnvironment } from '../../src/agent/environment.ts'
import { apiKeyAccess, type ModelAccess } from '../../src/agent/model-access.ts'
import { findMarked } from '../../src/agent/supervision/marks.ts'
import { isLogged, type SessionEvent } from '../../src/log/event.ts'
import { Feed } from '../../src/log/feed.ts'
import { JsonlLog } from '../../src/log/jsonl-log.ts'
import { createFingerprint } from '../../src/policy/fingerprint.ts'
import { Session } from '../../src/session/session.ts'
import { temporaryFolder, until } from '../support.ts'

interface TestSession {
  session: Session
  events: SessionEvent[]
  model: ScriptedClaude
  mark: string
  workspace: string
  /** The types of the logged events, the SDK's messages by their own type. */
  story: () => string[]
  ended: (uuid: string) => string | undefined
}

const script: Script = {
  rules: [
    {
      match: { lastUserText: 'slow' },
      steps: [{ text: 'tick ', repeat: 2000, pace: { deltasPerSecond: 50 } }],
    },
    {
      match: { lastUserText: 'print it' },
      answers: [
        [{ toolUse: { name: 'Bash', input: { command: 'echo the token is $MY_TOKEN' } } }],
        [{ text: 'done' }],
      ],
    },
    {
      match: { lastUserText: 'brief' },
      steps: [{ text: 'tick ', repeat: 60, pace: { deltasPerSecond: 40 } }],
    },
    { match: { lastUserText: 'die' }, steps: [{ hang: true }] },
  ],
  fallback: [{ text: 'ok' }],
}

/** A session over the real SDK, the real CLI and a scripted model. */
async function createSession(
  options: { access?: ModelAccess; maxQueuedPrompts?: number } = {},
): Promise<TestSession> {
  const folder = await temporaryFolder()
  const model = await startScriptedClaude({ script })
  onTestFinished(() => model.close())
  const broker = await Broker.start(new URL(model.url))
  onTestFinished(() => broker.close())
  const feed = new Feed(await JsonlLog.create(join(folder, 'events.jsonl')))
  const mark = randomUUID()
  const host = new AgentHost({
    broker,
    mark,
    access: options.access ?? apiKeyAccess('key', 'a test'),
    environment: createBaseEnvironment({ PATH: process.env['PATH'], HOME: folder }, []),
    workspace: folder,
    defaults: { permissionMode: 'bypassPermissions', settingSources: ['project'] },
  })
  const fingerprint = createFingerprint(Buffer.from('test'))
  const session = new Session({ feed, host, fingerprint, maxQueuedPrompts: options.maxQueuedPrompts ?? 100 })
  onTestFinished(() => session.close())
  const events: SessionEvent[] = []
  feed.attach({ write: (event) => void events.push(event), buffered: 0, drained: () => Promise.resolve() }, 0)
  const story = (): string[] =>
    events.filter(isLogged).map((event) => (event.type === 'sdk_message' ? event.data.type : event.type))
  const ended = (uuid: string): string | undefined =>
    events
      .flatMap((event) => (event.type === 'prompt_ended' && event.uuid === uuid ? event.outcome : []))
      .at(0)
  return { session, events, model, mark, workspace: folder, story, ended }
}

const say = (content: string, uuid?: string): UserMessageInput => ({
  type: 'user',
  message: { role: 'user', content },
  ...(uuid === undefined ? {} : { uuid }),
})

const asked = (model: ScriptedClaude): string[] =>
  model.requests
    .filter(({ kind }) => kind === 'message')
    .map(({ body }) => JSON.stringify((body as { messages: unknown[] }).messages))

describe('a prompt', () => {
  test('is in the log before the agent says anything, and ends after its result', async () => {
    const { session, story, ended } = await createSession()
    const { uuid } = session.send(say('hello'))
    await until('the prompt ended', () => ended(uuid) !== undefined)
    expect(ended(uuid)).toBe('completed')
    const told = story()
    expect(told[0]).toBe('user_message')
    expect(told.indexOf('assistant')).toBeGreaterThan(told.indexOf('agent_started'))
    expect(told.lastIndexOf('prompt_ended')).toBeGreaterThan(told.indexOf('result'))
  })

  test('that comes twice with its uuid is asked once', async () => {
    const { session, model, ended } = await createSession()
    const uuid = randomUUID()
    session.send(say('only once', uuid))
    session.send(say('only once', uuid))
    const last = session.send(say('another'))
    await until('both ended', () => ended(last.uuid) !== undefined)
    session.send(say('only once', uuid))
    const end = session.send(say('the end'))
    await until('the end', () => ended(end.uuid) !== undefined)
    expect(asked(model).at(-1)!.split('only once').length - 1).toBe(1)
  })

  test('with the uuid of another one is refused', async () => {
    const { session } = await createSession()
    const uuid = randomUUID()
    session.send(say('one', uuid))
    expect(() => session.send(say('two', uuid))).toThrow(
      expect.objectContaining({ code: 'uuid_conflict' }) as Error,
    )
  })

  test('beyond the limit of those that wait is refused, and taken once there is room', async () => {
    const { session, ended } = await createSession({ maxQueuedPrompts: 2 })
    const prompts = [session.send(say('1')), session.send(say('2')), session.send(say('3'))]
    expect(() => session.send(say('4'))).toThrow(
      expect.objectContaining({ code: 'queue_full', retryAfterMs: 1000 }) as Error,
    )
    await until('all ended', () => prompts.every(({ uuid }) => ended(uuid) === 'completed'), 20_000)
    const late = session.send(say('4'))
    await until('the late one ended', () => ended(late.uuid) === 'completed')
  })

  test('beyond the size of what may wait is refused: memory is bounded', async () => {
    const { session } = await createSession()
    session.send(say('slow'))
    const large = 'x'.repeat(30 * 1024 * 1024)
    for (let i = 0; i < 3; i += 1) session.send(say(large))
    expect(() => session.send(say('small'))).toThrow(expect.objectContaining({ code: 'queue_full' }) as Error)
  })

  test('without access to a model is refused and not kept', async () => {
    const { session, story } = await createSession({ access: { kind: 'none' } })
    expect(() => session.send(say('x'))).toThrow(
      expect.objectContaining({ code: 'no_model_access' }) as Error,
    )
    expect(story()).toEqual([])
    session.configure({ anthropicApiKey: 'now there is one' })
    expect(() => session.send(say('x'))).not.toThrow()
  })

  test('each of several gets a turn of its own, in order', async () => {
    const { session, events, model, ended } = await createSession()
    const prompts = ['first', 'second', 'third'].map((text) => session.send(say(text)))
    await until('all ended', () => ended(prompts[2]!.uuid) !== undefined, 20_000)
    const ends = events.flatMap((event) => (event.type === 'prompt_ended' ? event.uuid : []))
    expect(ends).toEqual(prompts.map(({ uuid }) => uuid))
    expect(
      events.filter((event) => event.type === 'sdk_message' && event.data.type === 'result').length,
    ).toBe(3)
    expect(asked(model).length).toBe(3)
  })
})

describe('an interrupt', () => {
  test('ends the running turn, and the next prompt is answered', async () => {
    const { session, events, ended } = await createSession()
    session.configure({ includePartialMessages: true })
    const slow = session.send(say('slow'))
    await until('it streams', () =>
      events.some((event) => event.type === 'sdk_message' && event.data.type === 'stream_event'),
    )
    session.interrupt()
    await until('it ended', () => ended(slow.uuid) !== undefined)
    expect(ended(slow.uuid)).toBe('interrupted')
    const next = session.send(say('hello'))
    await until('the next ended', () => ended(next.uuid) === 'completed')
  })

  test('before the agent has begun holds for the prompt that it was meant for', async () => {
    const { session, ended } = await createSession()
    const slow = session.send(say('slow'))
    session.interrupt()
    const next = session.send(say('hello'))
    await until('both ended', () => ended(next.uuid) !== undefined, 20_000)
    expect([ended(slow.uuid), ended(next.uuid)]).toEqual(['interrupted', 'completed'])
  })

  test('without a turn does nothing', async () => {
    const { session, ended } = await createSession()
    session.interrupt()
    const { uuid } = session.send(say('hello'))
    await until('it ended', () => ended(uuid) === 'completed')
  })
})

describe('a change of configuration', () => {
  test('replaces an agent that waits at once, and the conversation goes on', async () => {
    const { session, model, mark, ended } = await createSession()
    const first = session.send(say('remember me'))
    await until('the first ended', () => ended(first.uuid) !== undefined)
    const before = session.processId
    expect(session.configure({ systemPrompt: 'You are a pirate.' })).toBe('now')
    await until(
      'another process is ready',
      () => session.processId !== undefined && session.processId !== before,
    )
    const running = await findMarked(`${mark}/`)
    expect(running.map(({ id }) => id)).not.toContain(before)
    const second = session.send(say('again'))
    await until('the second ended', () => ended(second.uuid) !== undefined)
    expect(asked(model).at(-1)).toContain('remember me')
    const { body } = model.requests.findLast(({ kind }) => kind === 'message')!
    expect(JSON.stringify((body as { system: unknown }).system)).toContain('You are a pirate.')
  })

  test('during a turn holds from the next one on', async () => {
    const { session, events, model, ended } = await createSession()
    session.configure({ includePartialMessages: true })
    const slow = session.send(say('slow'))
    await until('it streams', () =>
      events.some((event) => event.type === 'sdk_message' && event.data.type === 'stream_event'),
    )
    expect(session.configure({ systemPrompt: 'You are a pirate.' })).toBe('next_turn')
    session.interrupt()
    const next = session.send(say('hello'))
    await until('both ended', () => ended(next.uuid) !== undefined, 20_000)
    expect(ended(slow.uuid)).toBe('interrupted')
    const { body } = model.requests.findLast(({ kind }) => kind === 'message')!
    expect(JSON.stringify((body as { system: unknown }).system)).toContain('You are a pirate.')
  })

  test('and a client that comes meanwhile leave the running turn alone', async () => {
    const { session, events, ended } = await createSession()
    session.configure({ includePartialMessages: true })
    const brief = session.send(say('brief'))
    await until('it streams', () =>
      events.some((event) => event.type === 'sdk_message' && event.data.type === 'stream_event'),
    )
    expect(session.configure({ systemPrompt: 'another' })).toBe('next_turn')
    session.warm()
    const next = session.send(say('hello'))
    await until('both ended', () => ended(next.uuid) !== undefined, 20_000)
    expect([ended(brief.uuid), ended(next.uuid)]).toEqual(['completed', 'completed'])
  })

  test('of the key alone needs no other process, and counts at once', async () => {
    const { session, model, ended } = await createSession()
    const first = session.send(say('one'))
    await until('the first ended', () => ended(first.uuid) !== undefined)
    const before = session.processId
    session.configure({ anthropicApiKey: 'another-key' })
    const second = session.send(say('two'))
    await until('the second ended', () => ended(second.uuid) !== undefined)
    expect(session.processId).toBe(before)
    expect(model.requests.at(-1)!.headers['x-api-key']).toBe('another-key')
  })
})

describe('an agent', () => {
  test('that is killed in a turn is told of with its cause, and the conversation goes on with another', async () => {
    const { session, events, model, ended } = await createSession()
    const first = session.send(say('remember me'))
    await until('the first ended', () => ended(first.uuid) !== undefined)
    const dying = session.send(say('die'))
    await until('the model hangs', () => asked(model).at(-1)!.includes('die'))
    process.kill(session.processId!, 'SIGKILL')
    await until('the prompt ended', () => ended(dying.uuid) !== undefined)
    expect(ended(dying.uuid)).toBe('failed')
    expect(events.find((event) => event.type === 'agent_exited')).toMatchObject({
      signal: 'SIGKILL',
      cause: expect.stringContaining('SIGKILL') as string,
    })
    const next = session.send(say('still there?'))
    await until('the next ended', () => ended(next.uuid) === 'completed')
    expect(asked(model).at(-1)).toContain('remember me')
  })

  test('that cannot start says why, and the next prompt tries again', async () => {
    const { session, events, workspace, ended } = await createSession()
    await rm(workspace, { recursive: true })
    const { uuid } = session.send(say('x'))
    await until('the prompt ended', () => ended(uuid) !== undefined)
    expect(ended(uuid)).toBe('failed')
    expect(events.find((event) => event.type === 'error')).toMatchObject({
      code: 'agent_start_failed',
      error: expect.stringContaining(`${workspace} is not there`) as string,
    })
  })

  test('is gone with everything that it started when the session closes', async () => {
    const { session, mark, ended } = await createSession()
    const { uuid } = session.send(say('hello'))
    await until('it ended', () => ended(uuid) !== undefined)
    expect((await findMarked(`${mark}/`)).length).toBeGreaterThan(0)
    await session.close()
    expect(await findMarked(`${mark}/`)).toEqual([])
    expect(() => session.send(say('x'))).toThrow(
      expect.objectContaining({ code: 'server_stopping' }) as Error,
    )
  })
})

describe('an agent whose start hangs, by a hook of its workspace,', () => {
  const hang = async (workspace: string): Promise<void> => {
    const hook = { hooks: [{ type: 'command', command: 'tail -f /dev/null', timeout: 600 }] }
    await mkdir(join(workspace, '.claude'))
    await writeFile(
      join(workspace, '.claude/settings.json'),
      JSON.stringify({ hooks: { SessionStart: [hook] } }),
    )
  }

  test('lets its prompt be interrupted', async () => {
    const { session, events, workspace, ended } = await createSession()
    await hang(workspace)
    const { uuid } = session.send(say('hello'))
    await new Promise((go) => setTimeout(go, 1500))
    expect(ended(uuid)).toBeUndefined()
    session.interrupt()
    await until('it ended', () => ended(uuid) === 'interrupted')
    expect(events.find((event) => event.type === 'error')).toMatchObject({ code: 'prompt_interrupted' })
  })

  test('is replaced by a change of configuration, and the prompt that waits is answered', async () => {
    const { session, workspace, ended } = await createSession()
    await hang(workspace)
    const { uuid } = session.send(say('hello'))
    await new Promise((go) => setTimeout(go, 1500))
    expect(session.configure({ settingSources: [] })).toBe('now')
    await until('it ended', () => ended(uuid) === 'completed', 20_000)
  })
})

test('secrets in settings reach the agent and its tools, but no command line', async () => {
  const { session, events, mark, ended } = await createSession()
  session.configure({ settings: { env: { MY_TOKEN: 'not-for-argv' }, permissions: { deny: ['WebFetch'] } } })
  const { uuid } = session.send(say('print it'))
  await until('it ended', () => ended(uuid) !== undefined)
  const [{ id } = { id: 0 }] = await findMarked(`${mark}/`)
  const commandLine = await readFile(`/proc/${id}/cmdline`, 'utf8')
  expect(commandLine).toContain('WebFetch')
  expect(commandLine).not.toContain('not-for-argv')
  expect(JSON.stringify(events)).toContain('the token is not-for-argv')
})
