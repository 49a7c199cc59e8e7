import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { local, type LocalOptions } from '../../src/local/local.ts'
import type { SandboxState } from '../../src/local/state.ts'
import type { CreateOptions, Sandbox, SandboxProvider } from '../../src/provider.ts'

/** A folder of sandboxes of its own; what is made in it ends with the test. */
export interface Place {
  folder: string
  provider: SandboxProvider
  create(options?: CreateOptions): Promise<Sandbox>
  /** What is kept of a sandbox. */
  state(id: string): Promise<SandboxState>
  pathOf(id: string, name?: string): string
}

export async function makePlace(options: LocalOptions = {}): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), 'claude-agent-place-'))
  const folder = join(root, 'sandboxes')
  const provider = local({ folder, bubblewrap: false, ...options })
  const made: Sandbox[] = []
  const pathOf = (id: string, name = ''): string => join(folder, id.slice('local:'.length), name)
  onTestFinished(async () => {
    for (const sandbox of made) await sandbox.kill()
    await rm(root, { recursive: true, force: true })
  })
  return {
    folder,
    provider,
    pathOf,
    async create(options) {
      const sandbox = await provider.create({ timeoutMs: 60_000, ...options })
      made.push(sandbox)
      return sandbox
    },
    state: async (id) => JSON.parse(await readFile(pathOf(id, 'state.json'), 'utf8')) as SandboxState,
  }
}
