import type { NewEvent, QueryConfig } from '@claude-agent/protocol'
import { kindsOf } from '../../src/agent/asking.ts'
import { describe, expect, test } from 'vitest'
import type { Agent } from '../../src/agent/agent.ts'
import type { AgentHost, AgentOwner, AgentRequest } from '../../src/agent/agent-host.ts'
import { ProcessPool } from '../../src/agent/process-pool.ts'
import { SpareAgents } from '../../src/agent/spare-agents.ts'
import { Transcript } from '../../src/agent/transcript.ts'
import { Launcher } from '../../src/session/launcher.ts'
import { SessionState } from '../../src/session/state.ts'
import { placeTranscript, prompt, SESSION, words, type Line } from '../agent/transcript-file.ts'
import { asked, numbered, prompted, promptEnded, settled, spoke, started } from './events.ts'

const KNOWN = [prompted('a'), started(SESSION), spoke('a1'), promptEnded('a', 'completed')]
const KEPT: Line[] = [prompt('a', null), words('a1', 'a')]

interface Launch {
  /** What the host was asked for; none where a spare was taken. */
  requests: AgentRequest[]
  events: NewEvent[]
  pool: ProcessPool
  launcher: Launcher
}

interface LaunchSetup {
  known?: NewEvent[]
  lines?: Line[]
  config?: QueryConfig
  /** The system prompt that the conversation began with, as it was kept. */
  kept?: string
  spare?: boolean
  fails?: boolean
}

/** Lets a launcher start an agent on what a session knows and what its transcript holds; no process is started. */
async function launch(setup: LaunchSetup): Promise<Launch> {
  const requests: AgentRequest[] = []
  const events: NewEvent[] = []
  const text = setup.lines?.map((line) => `${JSON.stringify(line)}\n`).join('')
  const home = text === undefined ? '/nowhere' : (await placeTranscript(text)).home
  const host = {
    start: async (request: AgentRequest) => {
      requests.push(request)
      if (setup.fails) throw new Error('it does not start')
      return { ended: new Promise(() => {}) } as unknown as Agent
    },
    readTranscript: (id: string) => Transcript.read(id, { HOME: home }),
  } as unknown as AgentHost
  const state = new SessionState()
  for (const event of numbered(setup.known ?? [])) state.apply(event)
  const pool = new ProcessPool(1)
  const spares = new SpareAgents(host, pool, 1)
  const config = setup.config ?? {}
  if (setup.spare) spares.prepare({ fingerprint: 'wanted', config, asks: kindsOf({ interactive: true }) })
  const launcher = new Launcher({
    host,
    pool,
    spares,
    state,
    owner: { config: () => config } as AgentOwner,
    member: { idleSince: undefined, evict: async () => {}, moved: () => {} },
    asks: () => kindsOf({ interactive: true }),
    callbacks: { clients: [] } as never,
    wanted: () => 'wanted',
    publish: (event) => void events.push(event),
    settled: async () => {},
    systemPrompt: setup.kept,
    onBegin: () => {},
    prepare: async () => {},
  })
  await launcher.start(new AbortController().signal).catch(() => {})
  return { requests, events, pool, launcher }
}

const begin = expect.objectContaining({ resumes: false }) as AgentRequest
const historyLost = expect.objectContaining({ type: 'error', code: 'history_lost' }) as NewEvent
const isStarted = (resumed: boolean): unknown => expect.objectContaining({ type: 'agent_started', resumed })

describe('a launcher', () => {
  test.each<[string, LaunchSetup, boolean, boolean]>([
    ['begins a conversation where there was none', {}, false, false],
    [
      'goes on with one whose transcript has what the session knows',
      { known: KNOWN, lines: KEPT },
      true,
      false,
    ],
    [
      'goes on where nothing was said in order yet',
      { known: [prompted('a'), started(SESSION), promptEnded('a', 'interrupted')], lines: KEPT.slice(0, 1) },
      true,
      false,
    ],
    ['says that the history is lost where the transcript is gone', { known: KNOWN }, false, true],
    ['says so where it has no messages', { known: KNOWN, lines: [{ type: 'mode' }] }, false, true],
    ['says so where it lacks what the session knows', { known: KNOWN, lines: KEPT.slice(0, 1) }, false, true],
    [
      'says so where it is another conversation',
      { known: KNOWN, lines: [prompt('x', null), words('x1', 'x')] },
      false,
      true,
    ],
    [
      'begins anew without a word where no prompt had entered the conversation',
      { known: [started(SESSION)] },
      false,
      false,
    ],
  ])('%s', async (_name, setup, resumes, isLost) => {
    const { requests, events } = await launch(setup)
    expect(requests).toMatchObject([{ resumes }])
    expect(events).toEqual([...(isLost ? [historyLost] : []), isStarted(resumes)])
    if (isLost) expect(requests[0]!.sdkSessionId).not.toBe(SESSION)
    if (resumes) expect(requests[0]!.sdkSessionId).toBe(SESSION)
  })

  test('begins again under the same id where the first start came to nothing', async () => {
    const { requests } = await launch({ known: [started(SESSION)], lines: [{ type: 'mode' }] })
    expect(requests).toMatchObject([{ resumes: false, sdkSessionId: SESSION }])
  })

  test('tells where the SDK’s counters begin: at what the last process that ended in order had left', async () => {
    const modelUsage = { m: { inputTokens: 7 } }
    const { events } = await launch({
      known: KNOWN,
      lines: [...KEPT, { type: 'cost-state', totalCostUSD: 0.5, modelUsage }],
    })
    expect(events).toMatchObject([{ totals: { costUsd: 0.5, inputTokens: 7, outputTokens: 0 } }])
  })

  test('takes a spare for a new conversation, and none for one that goes on', async () => {
    const anew = await launch({ spare: true })
    // The one request is the spare's own.
    expect(anew.requests).toEqual([begin])
    expect(anew.events).toMatchObject([{ sdkSessionId: anew.requests[0]!.sdkSessionId, resumed: false }])
    expect(anew.launcher.sdkSessionId).toBe(anew.requests[0]!.sdkSessionId)
  })

  test('replaces the system prompt that the conversation was recorded with, only where it is another', async () => {
    const first = await launch({ config: { systemPrompt: 'one' } })
    const kept = first.launcher.systemPrompt!
    const going = { known: KNOWN, lines: KEPT, kept }
    const same = await launch({ ...going, config: { systemPrompt: 'one' } })
    const other = await launch({ ...going, config: { systemPrompt: 'two' } })
    expect([same.requests[0]!.replacesPrompt, other.requests[0]!.replacesPrompt]).toEqual([false, true])
    expect(other.launcher.systemPrompt, 'it began with the first').toBe(kept)
  })

  test('has the model told of asks that were lost', async () => {
    const lost = [asked('p'), settled('p', 'lost')]
    const { requests } = await launch({ known: [...KNOWN, ...lost], lines: KEPT })
    expect(requests[0]!.notice?.()).toContain('the tool did not run')
    const { requests: without } = await launch({ known: KNOWN, lines: KEPT })
    expect(without[0]!.notice).toBeUndefined()
  })

  test('gives its place among the processes back where the start fails', async () => {
    const { pool, events } = await launch({ fails: true })
    expect([pool.hasRoom, events]).toEqual([true, []])
  })
})
