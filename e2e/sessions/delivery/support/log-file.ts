import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestServer } from '../../../support/server.ts'
import type { Frame } from './frame.ts'

/** The folder with the log of a session. */
export function logFolder({ dataDir }: Pick<TestServer, 'dataDir'>, id: string): string {
  return join(dataDir, 'sessions', id)
}

/** The text of a session's log as it is on disk at this moment. */
export function readLogText(server: Pick<TestServer, 'dataDir'>, id: string): string {
  const folder = logFolder(server, id)
  const names = readdirSync(folder).filter((name) => name.endsWith('.jsonl'))
  return names
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('')
}

/** The events of a session's log as they are on disk at this moment. */
export function readLog(server: Pick<TestServer, 'dataDir'>, id: string): Frame[] {
  const lines = readLogText(server, id).split('\n')
  // What follows the last newline is a line that is being written.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Frame)
}
