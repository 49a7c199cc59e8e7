import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { AgentHost } from '../../src/agent/agent-host.ts'
import type { Broker } from '../../src/agent/broker/broker.ts'
import { apiKeyAccess } from '../../src/agent/model-access.ts'
import { ProcessPool } from '../../src/agent/process-pool.ts'
import { SpareAgents } from '../../src/agent/spare-agents.ts'
import type { Supervision } from '../../src/agent/supervision/supervision.ts'
import { Archives } from '../../src/archive/archives.ts'
import { createFingerprint } from '../../src/policy/fingerprint.ts'
import { Sessions } from '../../src/session/sessions.ts'
import { SessionStore } from '../../src/session/store.ts'
import { temporaryFolder } from '../support.ts'

export interface ArchiveWorld {
  archives: Archives
  sessions: Sessions
  host: AgentHost
  folder: string
  workspace: string
  /** The files in the home of the agents, with their contents. */
  home: () => Promise<Record<string, string>>
  /** What is in the folder of the sessions. */
  stored: () => Promise<string[]>
}

/** Sessions and their archives, with no agent ever started. */
export async function createWorld(given?: string): Promise<ArchiveWorld> {
  const folder = given ?? (await temporaryFolder())
  const home = join(folder, 'home')
  const workspace = join(folder, 'work')
  for (const path of [home, workspace]) await mkdir(path, { recursive: true })
  const host = new AgentHost({
    // No agent is started here.
    broker: {} as Broker,
    supervision: {} as Supervision,
    access: apiKeyAccess('key', 'a test'),
    environment: { PATH: process.env['PATH'] ?? '', HOME: home },
    workspace,
    defaults: {},
  })
  const pool = new ProcessPool(1)
  const store = await SessionStore.open(join(folder, 'sessions'), {})
  const { sessions } = await Sessions.open({
    store,
    maxSessions: 10,
    means: {
      host,
      pool,
      spares: new SpareAgents(host, pool, 0),
      fingerprint: createFingerprint(Buffer.from('test')),
      idleTimeoutMs: 600_000,
      durability: 'acknowledged',
      maxQueuedPrompts: 100,
    },
  })
  onTestFinished(() => sessions.close())
  return {
    archives: new Archives({ sessions, store, host }),
    sessions,
    host,
    folder,
    workspace,
    home: async () => await readAll(home),
    stored: async () => (await readdir(join(folder, 'sessions'))).sort(),
  }
}

async function readAll(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
  const texts = await Promise.all(
    files.map(async (path) => [path.slice(folder.length), await readFile(path, 'utf8')]),
  )
  return Object.fromEntries(texts) as Record<string, string>
}
