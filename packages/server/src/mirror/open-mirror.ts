import { realpath } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import type { AgentHost } from '../agent/agent-host.ts'
import type { ServerConfig } from '../config.ts'
import { isInside } from '../files/path.ts'
import type { Sessions } from '../session/sessions.ts'
import { refuseSetting } from '../settings.ts'
import { createDirectoryStore } from './directory-store.ts'
import { createHttpStore } from './http-store.ts'
import { Mirror } from './mirror.ts'
import type { MirrorStore } from './mirror-store.ts'

/** The mirror that the operator wants; undefined for none. @throws AgentServerError `invalid_setting` */
export async function openMirror(
  config: ServerConfig,
  sessions: Sessions,
  host: AgentHost,
): Promise<Mirror | undefined> {
  const { mirror, dataDir, mirrorMaxBytes: maxBytes } = config
  if (mirror === undefined) return undefined
  const store = await openStore(mirror, config)
  return await Mirror.open({ folder: join(dataDir, 'mirror'), store, sessions, host, maxBytes })
}

async function openStore(
  mirror: string,
  { mirrorToken, workspace, dataDir }: ServerConfig,
): Promise<MirrorStore> {
  if (/^https?:\/\//i.test(mirror)) {
    if (!URL.canParse(mirror)) return refuse(mirror)
    const { username, password, search, hash } = new URL(mirror)
    if (username + password + search + hash !== '') return refuse(mirror.replace(/[@?#].*|\/\/.*@/, '…'))
    return createHttpStore(mirror, mirrorToken)
  }
  if (!isAbsolute(mirror)) return refuse(mirror)
  for (const folder of [workspace, dataDir]) {
    const path = await realpath(folder)
    if (isInside(path, mirror) || isInside(folder, mirror)) return refuse(mirror)
  }
  return createDirectoryStore(mirror)
}

function refuse(mirror: string): never {
  return refuseSetting(
    'CLAUDE_AGENT_MIRROR',
    mirror,
    'an http or https URL without credentials and query, or the absolute path of a directory outside of the workspace and the data directory',
  )
}
