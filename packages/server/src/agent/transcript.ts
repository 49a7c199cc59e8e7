import { access, readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Whether the CLI has a transcript of an SDK session, so that it can be resumed. `env` is the agent's own. */
export async function hasTranscript(
  sdkSessionId: string,
  env: Record<string, string | undefined>,
): Promise<boolean> {
  const home = env['CLAUDE_CONFIG_DIR'] ?? join(env['HOME'] ?? homedir(), '.claude')
  const projects = join(home, 'projects')
  // Which folder it is in follows from the working directory in a way that is the CLI's own; the id is enough.
  const folders = await readdir(projects).catch(() => [])
  const found = await Promise.all(
    folders.map((folder) =>
      access(join(projects, folder, `${sdkSessionId}.jsonl`)).then(
        () => true,
        () => false,
      ),
    ),
  )
  return found.includes(true)
}
