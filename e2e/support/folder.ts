import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A new empty folder. */
export async function makeFolder(): Promise<string> {
  return await mkdtemp(join(tmpdir(), 'claude-agent-e2e-'))
}

/** Removes a folder with all that is in it. A process that dies this moment may still be writing there. */
export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
}

/** The regular files below a folder that contain a text, in their bytes or their names. */
export async function filesWith(folder: string, text: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const found = await Promise.all(
    files.map(async (file) => file.includes(text) || (await readFile(file).catch(() => '')).includes(text)),
  )
  return files.filter((_, index) => found[index])
}
