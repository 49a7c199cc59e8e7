import { constants } from 'node:fs'
import { open, readdir, realpath, type FileHandle } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { AgentServerError } from '@claude-agent/protocol'
import type { AgentUser } from './agent-user.ts'
import { findTranscript, MAX_BYTES, openTranscript } from './transcript-file.ts'

/** Characters of the name of a folder that the CLI makes of a path; what is longer gets a hash. */
const NAME = 200
/** What is kept beside a transcript: conversations of subagents, results of tools. */
const SIDE_FOLDERS = ['subagents', 'tool-results']
const SIDE_NAME = /^[\w][\w.-]{0,150}$/
const MAX_SIDE_FILES = 10_000
/** How long the system may take to put a file into the agent's home. */
const WRITE_MS = 60_000

/** Where agents of a server have their transcripts, and as whom they write them. */
export interface TranscriptHome {
  env: Record<string, string | undefined>
  workspace: string
  user: AgentUser | undefined
}

/** A file beside a transcript, by its path in the transcript's folder. */
export interface SideFile {
  name: string
  path: string
}

/** Opens the transcript of a conversation; undefined when there is none, nothing that may be read, or more than can be. */
export async function openConversation(
  home: TranscriptHome,
  sdkSessionId: string,
): Promise<FileHandle | undefined> {
  const path = await findTranscript(sdkSessionId, home.env)
  if (path === undefined) return undefined
  const file = await openTranscript(path, constants.O_RDONLY, home.user).catch(() => undefined)
  if (file === undefined || (await file.stat()).size <= MAX_BYTES) return file
  await file.close()
  return undefined
}

/** The files beside the transcript of a conversation. */
export async function listSideFiles(home: TranscriptHome, sdkSessionId: string): Promise<SideFile[]> {
  const transcript = await findTranscript(sdkSessionId, home.env)
  if (transcript === undefined) return []
  const folder = transcript.replace(/\.jsonl$/, '')
  const files: SideFile[] = []
  for (const kind of SIDE_FOLDERS) {
    const names = await readdir(join(folder, kind)).catch((): string[] => [])
    for (const name of names.filter(isSideName))
      if (files.length < MAX_SIDE_FILES)
        files.push({ name: `${kind}/${name}`, path: join(folder, kind, name) })
  }
  return files.sort((one, other) => (one.name < other.name ? -1 : 1))
}

/** Opens a file beside a transcript; undefined where it may not be read. */
export async function openSideFile(
  home: TranscriptHome,
  { path }: SideFile,
): Promise<FileHandle | undefined> {
  return await openTranscript(path, constants.O_RDONLY, home.user, 3).catch(() => undefined)
}

/** Whether a path is that of a file beside a transcript, and leads nowhere else. */
export function isSidePath(name: string): boolean {
  const [kind = '', file = '', ...more] = name.split('/')
  return more.length === 0 && SIDE_FOLDERS.includes(kind) && isSideName(file)
}

function isSideName(name: string): boolean {
  return SIDE_NAME.test(name) && !name.includes('..')
}

/**
 * Puts a file where the CLI looks for it: the transcript of a conversation, or one beside it. Done with the agent's own
 * rights, since what lies in its home may be links to anywhere. Nothing that is there is written over.
 * @throws AgentServerError `storage_full`
 */
export async function placeTranscriptFile(
  home: TranscriptHome,
  sdkSessionId: string,
  source: string,
  name?: string,
): Promise<void> {
  const folder = join(projectsOf(home.env), await projectName(home.workspace))
  const target = join(folder, name === undefined ? `${sdkSessionId}.jsonl` : `${sdkSessionId}/${name}`)
  const script =
    'umask 077; mkdir -p -- "${1%/*}" && test ! -e "$1" && cat > "$1.part" && sync -- "$1.part" && mv -- "$1.part" "$1"'
  const plain = { command: 'sh', args: ['-c', script, 'sh', target] }
  const { command, args } = home.user?.enter(plain) ?? plain
  const file = await open(source, 'r')
  try {
    await run(command, [...args], file.fd)
  } catch (cause) {
    throw new AgentServerError({
      code: 'storage_full',
      message: `The transcript could not be written into the home of the agent: ${(cause as Error).message}`,
      hint: 'Make room there, and see to it that the agent may write to its own home.',
      retryAfterMs: 1000,
      cause,
    })
  } finally {
    await file.close()
  }
}

/** Whether something is known under the id of a conversation. */
export async function hasTranscript({ env }: TranscriptHome, sdkSessionId: string): Promise<boolean> {
  return (await findTranscript(sdkSessionId, env)) !== undefined
}

function projectsOf(env: TranscriptHome['env']): string {
  return join(env['CLAUDE_CONFIG_DIR'] ?? join(env['HOME'] ?? homedir(), '.claude'), 'projects')
}

/** The folder that the CLI has for a working directory. In no documentation; a test holds the CLI to it. */
async function projectName(workspace: string): Promise<string> {
  const path = (await realpath(workspace).catch(() => workspace)).normalize('NFC')
  const name = path.replaceAll(/[^a-zA-Z0-9]/g, '-')
  if (name.length <= NAME) return name
  let hash = 0
  // oxlint-disable-next-line unicorn/prefer-code-point
  for (let i = 0; i < path.length; i += 1) hash = ((hash << 5) - hash + path.charCodeAt(i)) | 0
  return `${name.slice(0, NAME)}-${Math.abs(hash).toString(36)}`
}

async function run(command: string, args: string[], input: number): Promise<void> {
  const child = spawn(command, args, {
    stdio: [input, 'ignore', 'pipe'],
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    cwd: '/',
    timeout: WRITE_MS,
  })
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-500)))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) throw new Error(said.trim() || `it ended with ${code}`)
}
