import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { LoggedEvent, QueryConfig, UserMessageInput } from '@claude-agent/protocol'
import { startScriptedClaude, type ScriptedClaude, type Script } from 'scripted-claude'
import { onTestFinished } from 'vitest'
import { AgentHost } from '../../src/agent/agent-host.ts'
import { Broker } from '../../src/agent/broker/broker.ts'
import { Upstream } from '../../src/agent/broker/upstream.ts'
import { createBaseEnvironment } from '../../src/agent/environment.ts'
import { apiKeyAccess, type ModelAccess } from '../../src/agent/model-access.ts'
import { ProcessPool } from '../../src/agent/process-pool.ts'
import { SpareAgents } from '../../src/agent/spare-agents.ts'
import { Supervision } from '../../src/agent/supervision/supervision.ts'
import { createFingerprint } from '../../src/policy/fingerprint.ts'
import type { Session } from '../../src/session/session.ts'
import { Sessions } from '../../src/session/sessions.ts'
import { SessionStore } from '../../src/session/store.ts'
import { TestSink } from '../log/support.ts'
import { temporaryFolder, until } from '../support.ts'

export interface LiveSession {
  session: Session
  model: ScriptedClaude
  workspace: string
  supervision: Supervision
  /** The logged events so far. */
  events: () => LoggedEvent[]
  /** Their types, the SDK's messages by their own type. */
  story: () => string[]
  /** How a prompt ended, once it has. */
  outcome: (uuid: string) => string | undefined
  /** Resolves with how a prompt ended. */
  ended: (uuid: string) => Promise<string>
  /** Resolves when the model speaks. */
  streams: () => Promise<void>
  /** The conversations that the model was given, as JSON, one for each request. */
  asked: () => string[]
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

export interface LiveSessionSetup {
  access?: ModelAccess
  maxQueuedPrompts?: number
  options?: QueryConfig
}

/** A session over the real SDK, the real CLI and a scripted model; it ends with its test. */
export async function createSession(setup: LiveSessionSetup = {}): Promise<LiveSession> {
  const folder = await temporaryFolder()
  const workspace = await temporaryFolder()
  const model = await startScriptedClaude({ script })
  onTestFinished(() => model.close())
  const broker = await Broker.start(new Upstream(new URL(model.url), undefined))
  onTestFinished(() => broker.close())
  const supervision = await Supervision.start(randomUUID())
  onTestFinished(() => supervision.close())
  const host = new AgentHost({
    broker,
    supervision,
    access: setup.access ?? apiKeyAccess('key', 'a test'),
    environment: createBaseEnvironment({ PATH: process.env['PATH'], HOME: folder }, []),
    workspace,
    defaults: { permissionMode: 'bypassPermissions', settingSources: ['project'] },
  })
  const pool = new ProcessPool(20)
  const { sessions } = await Sessions.open({
    store: await SessionStore.open(join(folder, 'sessions'), {}),
    maxSessions: 10,
    means: {
      host,
      pool,
      spares: new SpareAgents(host, pool, 0),
      fingerprint: createFingerprint(Buffer.from('test')),
      idleTimeoutMs: 600_000,
      durability: 'acknowledged',
      maxQueuedPrompts: setup.maxQueuedPrompts ?? 100,
    },
  })
  onTestFinished(() => sessions.close())
  const { info } = await sessions.create({ options: setup.options ?? {} })
  const session = await sessions.open(info.id)
  const sink = new TestSink()
  session.feed.attach(sink, 0)
  const events = (): LoggedEvent[] =>
    sink.entries.filter(({ seq }) => seq !== undefined).map(({ event }) => event as LoggedEvent)
  const outcome = (uuid: string): string | undefined =>
    events().find((event) => event.type === 'prompt_ended' && event.uuid === uuid)?.['outcome' as never]
  return {
    session,
    model,
    workspace,
    supervision,
    events,
    story: () => events().map((event) => (event.type === 'sdk_message' ? event.data.type : event.type)),
    outcome,
    ended: async (uuid) => {
      await until('the prompt ended', () => outcome(uuid) !== undefined, 20_000)
      return outcome(uuid)!
    },
    streams: () =>
      until('it streams', () =>
        sink.entries.some(({ seq, json }) => seq === undefined && json.includes('stream_event')),
      ),
    asked: () =>
      model.requests
        .filter(({ kind }) => kind === 'message')
        .map(({ body }) => JSON.stringify((body as { messages: unknown[] }).messages)),
  }
}

/** A prompt. */
export function say(content: string, uuid?: string): UserMessageInput {
  return {
    type: 'user',
    message: { role: 'user', content },
    ...(uuid === undefined ? {} : { uuid }),
  }
}
