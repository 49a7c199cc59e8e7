import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Writes variables for `docker run` into a file that only this user reads, for the time of one call. Only for those that
 * cannot be in the environment of the call: everything else is on no disk.
 */
export async function withEnvFile<T>(
  variables: Readonly<Record<string, string>>,
  call: (args: string[]) => Promise<T>,
): Promise<T> {
  const entries = Object.entries(variables)
  if (entries.length === 0) return await call([])
  const folder = await mkdtemp(join(tmpdir(), 'claude-agent-envs-'))
  try {
    const path = join(folder, 'envs')
    await writeFile(path, entries.map(([name, value]) => `${name}=${value}\n`).join(''), { mode: 0o600 })
    return await call([`--env-file=${path}`])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
