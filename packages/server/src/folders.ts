import { chmod, mkdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AgentServerError } from '@claude-agent/protocol'
import type { ServerConfig } from './config.ts'
import { isInside } from './files/path.ts'
import { drawUuid } from './random.ts'

/** Logs are no business of the agent's file API, nor the workspace of the server's own folder. */
export async function requireApart({ workspace, dataDir }: ServerConfig): Promise<void> {
  const [work, data] = await Promise.all([realpath(workspace), realpath(dataDir)])
  if (!isInside(work, data) && !isInside(data, work)) return
  throw new AgentServerError({
    code: 'invalid_setting',
    message: `The workspace ${work} and the data directory ${data} lie one in the other.`,
    hint: 'Set CLAUDE_AGENT_WORKSPACE and CLAUDE_AGENT_DATA_DIR to folders apart.',
  })
}

/** Makes a folder where it is not there. @throws AgentServerError `invalid_setting` */
export async function makeFolder(path: string, variable: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode })
    if (mode === 0o700) await chmod(path, mode)
  } catch (cause) {
    throw new AgentServerError({
      code: 'invalid_setting',
      message: `${variable}='${path}' is no folder and cannot be made one: ${(cause as Error).message}.`,
      hint: 'Name a folder that this user may write to.',
      cause,
    })
  }
}

/** The id of a data directory, which marks every process that its servers start. */
export async function readMark(dataDir: string): Promise<string> {
  const path = join(dataDir, 'id')
  const known = await readFile(path, 'utf8').catch(() => '')
  if (/^[\w-]{36}$/.test(known)) return known
  const fresh = drawUuid()
  await writeFile(path, fresh, { mode: 0o600 })
  return fresh
}
