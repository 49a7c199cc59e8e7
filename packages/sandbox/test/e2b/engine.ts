import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Sandbox as E2bSandbox } from 'e2b'
import { E2bDouble, type E2bDoubleOptions } from '../../../../e2e/doubles/e2b/double.ts'
import { addServerTemplate, type ServerTemplate } from '../../../../e2e/doubles/e2b/server-template.ts'
import { e2b } from '../../src/e2b/e2b.ts'
import type { SandboxProvider } from '../../src/provider.ts'
import type { Engine, OpenEngine, SealedSandbox } from '../engine.ts'
import { until } from '../until.ts'

export interface OpenDouble {
  double: E2bDouble
  close: () => Promise<void>
}

/** A double with the template `claude-agent-server`, and `empty` with nothing in it. */
export async function openDouble(options?: E2bDoubleOptions, template?: ServerTemplate): Promise<OpenDouble> {
  const folder = await mkdtemp(join(tmpdir(), 'claude-agent-e2b-'))
  const double = await E2bDouble.start(options)
  double.templates.add({ templateId: 'empty-id', names: ['empty'] })
  await addServerTemplate(double, folder, template)
  return {
    double,
    close: async () => {
      await double.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** E2B's double with the real server, for the contract suite. */
export const engine: Engine = {
  name: 'e2b, on its double',
  open: async () => {
    if (process.platform !== 'linux') return { skip: 'The double needs Linux: it finds processes in /proc.' }
    return await open()
  },
}

async function open(): Promise<OpenEngine> {
  const { double, close } = await openDouble()
  const options = { ...double.connection, watchMs: 200 }
  return {
    provider: isolating(e2b(options)),
    missingTemplate: 'a-template-that-is-not-there',
    creator: { module: '@claude-agent/sandbox/e2b', factory: 'e2b', options },
    // Port 1 of loopback: nothing listens there.
    unreachable: () => e2b({ ...options, apiUrl: 'http://127.0.0.1:1', sandboxUrl: 'http://127.0.0.1:1' }),
    killServer: (id) => killServer(double, id),
    deleteBehind: (id) => double.remove(id.slice('e2b:'.length)),
    leftovers: () => double.remains(),
    exposed: async () =>
      double.record.requests.filter(({ door }) => door === 'control').map((asked) => JSON.stringify(asked)),
    sealed: () => openSealed(double),
    close,
  }
}

/** The double shuts nothing in: what the suite claims of isolation is skipped on it. */
function isolating(provider: SandboxProvider): SandboxProvider {
  return {
    engine: provider.engine,
    capabilities: { ...provider.capabilities, isolation: 'none', separateUser: false },
    create: (options) => provider.create(options),
    connect: (id, options) => provider.connect(id, options),
    list: (filter) => provider.list(filter),
  }
}

/** Kills the process that the start script became. */
export async function killServer(double: E2bDouble, id: string): Promise<void> {
  const sandbox = double.sandboxes.get(id.slice('e2b:'.length))!
  const command = (pid: number): Promise<string> => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  const servers = async (): Promise<number[]> => {
    const found: number[] = []
    for (const pid of await sandbox.processes()) {
      if (/\0[^\0]*(?:server\/dist\/bin\.js|stub-server\.mjs)\0/.test(await command(pid))) found.push(pid)
    }
    return found
  }
  for (const pid of await servers()) process.kill(pid, 'SIGKILL')
  await until('the server is dead', async () => (await servers()).length === 0)
}

async function openSealed(double: E2bDouble): Promise<SealedSandbox> {
  const sandbox = await E2bSandbox.create('claude-agent-server', double.connection)
  return {
    endpoint: {
      url: double.url,
      headers: { 'E2b-Sandbox-Id': sandbox.sandboxId, 'E2b-Sandbox-Port': '3000' },
    },
    unseal: async (token) => {
      const seal = JSON.stringify({ env: { CLAUDE_AGENT_TOKEN: token } })
      await sandbox.files.write('/run/claude-agent/seal.json', seal, { user: 'server' })
    },
    close: async () => void (await sandbox.kill()),
  }
}
