import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasBubblewrap } from '../../src/local/bubblewrap.ts'
import { local } from '../../src/local/local.ts'
import { childrenOf, hasEnded, killWith, signal } from '../../src/local/processes.ts'
import type { SandboxState } from '../../src/local/state.ts'
import type { Engine, OpenEngine } from '../engine.ts'

/** The local engine in a folder of its own, with nothing around its sandboxes. */
export const bare: Engine = {
  name: 'local',
  open: () => open(false),
}

/** The local engine under bubblewrap. */
export const confined: Engine = {
  name: 'local, under bubblewrap',
  open: async () => {
    if (!hasBubblewrap()) return { skip: 'bubblewrap is not installed, or may not make namespaces here.' }
    return await open(true)
  },
}

async function open(bubblewrap: boolean): Promise<OpenEngine> {
  const root = await mkdtemp(join(tmpdir(), 'claude-agent-local-'))
  const options = { folder: join(root, 'sandboxes'), bubblewrap }
  const read = async (id: string): Promise<SandboxState> =>
    JSON.parse(await readFile(join(options.folder, id.slice('local:'.length), 'state.json'), 'utf8')) as never
  return {
    provider: local(options),
    missingTemplate: 'a-template-that-is-not-there',
    creator: { module: '@claude-agent/sandbox/local', factory: 'local', options },
    // The engine is this machine; what can be missing of it is bubblewrap.
    unreachable: () => withoutBubblewrap(options.folder),
    async killServer(id) {
      const { process: first, isolation } = await read(id)
      const [server] = isolation === 'none' ? [first] : await childrenOf(first!.id)
      await signal(server!, 'SIGKILL')
      await hasEnded(first!, 10_000)
    },
    async deleteBehind(id) {
      const { process: first } = await read(id)
      await signal(first!, 'SIGKILL')
      const folder = join(options.folder, id.slice('local:'.length))
      await killWith(`HOME=${join(folder, 'home')}`)
      await rm(folder, { recursive: true })
    },
    async leftovers() {
      const folders = await readdir(options.folder).catch((): string[] => [])
      return [...folders, ...(await processesOf(options.folder))]
    },
    close: () => rm(root, { recursive: true, force: true }),
  }
}

/** The provider on a machine without bubblewrap, where it is demanded. */
function withoutBubblewrap(folder: string): OpenEngine['provider'] {
  const provider = local({ folder, bubblewrap: true })
  const path = process.env['PATH']
  return {
    engine: 'local',
    capabilities: provider.capabilities,
    async create(options) {
      process.env['PATH'] = '/nowhere'
      try {
        return await provider.create(options)
      } finally {
        process.env['PATH'] = path
      }
    },
    connect: (id, options) => provider.connect(id, options),
    list: (filter) => provider.list(filter),
  }
}

/** Command lines of the processes that were started for a sandbox below a folder. */
async function processesOf(folder: string): Promise<string[]> {
  const ids = (await readdir('/proc').catch((): string[] => [])).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    ids.map(async (id) => {
      const [command, environment] = await Promise.all(
        ['cmdline', 'environ'].map((name) => readFile(`/proc/${id}/${name}`, 'utf8').catch(() => '')),
      )
      return environment!.includes(`HOME=${folder}/`) ? [command!.replaceAll('\0', ' ')] : []
    }),
  )
  return found.flat()
}
