import { constants, type Stats } from 'node:fs'
import { lstat, open, readdir, readlink, realpath, type FileHandle } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, relative } from 'node:path'

/** Bytes of a transcript that is still read; V8's strings end at 512 MiB. */
export const MAX_BYTES = 256 * 1024 * 1024
/** Of Linux: what is there is named, and not opened. */
const O_PATH = 0x20_00_00

/** Whose a transcript must be, where agents have a user of their own. */
type Owner = { readonly uid: number } | undefined

/** Which folder it is in follows from the working directory in a way that is the CLI's own; the id is enough. */
export async function findTranscript(
  sdkSessionId: string,
  env: Record<string, string | undefined>,
): Promise<string | undefined> {
  const home = env['CLAUDE_CONFIG_DIR'] ?? join(env['HOME'] ?? homedir(), '.claude')
  const projects = join(home, 'projects')
  for (const folder of await readdir(projects).catch((): string[] => [])) {
    const names = await readdir(join(projects, folder)).catch((): string[] => [])
    if (names.includes(`${sdkSessionId}.jsonl`)) return join(projects, folder, `${sdkSessionId}.jsonl`)
  }
  return undefined
}

/** The text of a transcript. */
export async function readWhole(path: string, owner: Owner): Promise<string> {
  return await withTranscript(path, constants.O_RDONLY, owner, async (file) => {
    const { size } = await file.stat()
    if (size > MAX_BYTES) throw new RangeError(`${size} bytes are no transcript`)
    return await file.readFile('utf8')
  })
}

/** Opens a transcript that is there to change it. */
export async function changeTranscript(
  path: string,
  owner: Owner,
  change: (file: FileHandle) => Promise<void>,
): Promise<void> {
  await withTranscript(path, constants.O_RDWR, owner, change)
}

/**
 * Opens a regular file; nothing else is opened, nor followed, nor waited for. Of another user, it must be his own and
 * really be where it is looked for: the server may read and write what the agent may not, and the agent can put links
 * to anything in its place. `depth` says how many folders it is below that of all projects.
 */
export async function openTranscript(
  path: string,
  access: number,
  owner: Owner,
  depth = 1,
): Promise<FileHandle> {
  if (owner === undefined) {
    requireFile(path, await lstat(path))
    return await open(path, access | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  }
  // To open a pipe or a device does something to it already, so it is looked at before.
  const place = await open(path, O_PATH | constants.O_NOFOLLOW)
  try {
    const stats = await place.stat()
    requireFile(path, stats)
    if (stats.uid !== owner.uid) throw new TypeError(`${path} is not the agent's`)
    const link = `/proc/self/fd/${place.fd}`
    const projects = join(path, ...Array.from({ length: depth + 1 }, () => '..'))
    if ((await readlink(link)) !== join(await realpath(projects), relative(projects, path)))
      throw new TypeError(`${path} is somewhere else`)
    return await open(link, access)
  } finally {
    await place.close()
  }
}

function requireFile(path: string, stats: Stats): void {
  if (!stats.isFile()) throw new TypeError(`${path} is no file`)
}

async function withTranscript<T>(
  path: string,
  access: number,
  owner: Owner,
  task: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await openTranscript(path, access, owner)
  try {
    return await task(file)
  } finally {
    await file.close()
  }
}
