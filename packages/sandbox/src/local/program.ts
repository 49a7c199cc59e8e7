import { realpathSync } from 'node:fs'
import { readdir, readFile, realpath } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'
import { SandboxError } from '../errors.ts'

/** How the server is started, and what of the machine it needs to be there for that. */
export interface Program {
  command: string[]
  /** Files and folders that it reads. */
  needs: string[]
}

/**
 * The `claude-agent-server` that is installed beside this package, by this Node. It is run as a command, not imported.
 * @throws SandboxError `start_failed` when there is none
 */
export async function findServer(): Promise<Program> {
  const manifest = resolveManifest()
  const { bin } = JSON.parse(await readFile(manifest, 'utf8')) as { bin: Record<string, string> }
  const folder = dirname(realpathSync(manifest))
  return {
    command: [process.execPath, join(folder, bin['claude-agent-server']!)],
    needs: [await realpath(process.execPath), folder, ...(await modulesAround(folder))],
  }
}

function resolveManifest(): string {
  try {
    return createRequire(import.meta.url).resolve('@claude-agent/server/package.json')
  } catch (cause) {
    throw new SandboxError({
      code: 'start_failed',
      message: 'There is no claude-agent-server on this machine to start.',
      hint: 'npm install @claude-agent/server, or give local() the `command` of one.',
      cause,
    })
  }
}

/** Every `node_modules` above a package, and the packages that are linked there from elsewhere, as in a workspace. */
async function modulesAround(folder: string): Promise<string[]> {
  const found = new Set<string>()
  const names = folder.split(sep)
  for (let depth = names.length; depth > 0; depth -= 1) {
    const modules = join(sep, ...names.slice(0, depth), 'node_modules')
    const listed = await readdir(modules, { withFileTypes: true }).catch(() => undefined)
    if (listed === undefined) continue
    found.add(modules)
    for (const entry of listed) {
      const path = join(modules, entry.name)
      if (entry.isSymbolicLink()) await addLinked(path, found)
      if (!entry.name.startsWith('@') || !entry.isDirectory()) continue
      for (const scoped of await readdir(path)) await addLinked(join(path, scoped), found)
    }
  }
  return [...found]
}

async function addLinked(path: string, found: Set<string>): Promise<void> {
  const target = await realpath(path).catch(() => undefined)
  if (target === undefined || [...found].some((known) => target.startsWith(known + sep))) return
  found.add(target)
}
