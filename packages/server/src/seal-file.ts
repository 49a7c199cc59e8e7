import { constants, type BigIntStats } from 'node:fs'
import { lstat, open, unlink } from 'node:fs/promises'
import { AgentServerError } from '@claude-agent/protocol'

const MAX_BYTES = 64 * 1024
/** Shorter tokens can be guessed: a sealed server may be open to the whole internet. */
const MIN_TOKEN_LENGTH = 16
const NAME = /^[A-Z_][A-Z0-9_]*$/i
/** What a process reads at its start only: the loader, Node's own options, and where this server listens. */
const TOO_LATE = /^(?:LD_.*|DYLD_.*|NODE_OPTIONS|HOST|PORT|CLAUDE_AGENT_SEAL_FILE)$/

/** What a seal file brings. */
export interface SealContent {
  /** Variables for the environment; the token is among them. */
  variables: Record<string, string>
  /** Names of those that come too late to count. */
  ignored: string[]
}

/** What stands at the path of a seal file, in a text that changes when it does; undefined for nothing. */
export async function identifySealFile(path: string): Promise<string | undefined> {
  try {
    return identityOf(await lstat(path, { bigint: true }))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    return `${code}`
  }
}

/**
 * The JSON of a seal file. It must be a regular file that root or the user of this process wrote: others might have put
 * it there, or a link to something else.
 * @throws AgentServerError `invalid_setting`, also for a file that is half written
 */
export async function readSealFile(path: string): Promise<unknown> {
  // A FIFO would hold an opening up for ever.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const file = await open(path, flags).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ELOOP') throw wrongFile('is a symbolic link, not a file', cause)
    throw wrongFile(`cannot be read (${cause.code})`, cause)
  })
  try {
    const stats = await file.stat({ bigint: true })
    const fault = faultOf(stats)
    if (fault !== undefined) throw wrongFile(fault)
    // It may grow meanwhile.
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES + 1), 0, MAX_BYTES + 1, 0)
    if (bytesRead > MAX_BYTES) throw wrongFile(`has more than ${MAX_BYTES} bytes`)
    return parse(buffer.toString('utf8', 0, bytesRead))
  } finally {
    await file.close()
  }
}

/**
 * Takes a seal file away once it was read: what it brought is on no disk then.
 * @throws AgentServerError `invalid_setting`: a secret that stays is none
 */
export async function removeSealFile(path: string): Promise<void> {
  await unlink(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw wrongFile(`cannot be removed (${cause.code})`, cause)
  })
}

/**
 * What the JSON of a seal file says.
 * @throws AgentServerError `invalid_setting`, in words that have no value of it
 */
export function readSealContent(content: unknown): SealContent {
  if (!isObject(content) || !isObject(content['env'])) throw wrongFile('has no object `env`')
  if (Object.keys(content).length > 1) throw wrongFile('has other fields than `env`')
  const given = Object.entries(content['env'])
  for (const [position, [name, value]] of given.entries()) {
    // A name that is none may be a value that slipped.
    if (!NAME.test(name)) throw wrongFile(`has as entry ${position + 1} of \`env\` no name of a variable`)
    if (typeof value !== 'string') throw wrongFile(`has in \`env\` a ${name} that is no string`)
    if (value.includes('\0')) throw wrongFile(`has in \`env\` a ${name} with a NUL`)
  }
  const variables = Object.fromEntries(given.filter(([name]) => !TOO_LATE.test(name))) as Record<
    string,
    string
  >
  const token = variables['CLAUDE_AGENT_TOKEN'] ?? ''
  if (token.length < MIN_TOKEN_LENGTH) {
    throw wrongFile(
      token === '' ? 'has no CLAUDE_AGENT_TOKEN' : `has a token of less than ${MIN_TOKEN_LENGTH} characters`,
    )
  }
  return { variables, ignored: given.flatMap(([name]) => (TOO_LATE.test(name) ? name : [])) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The error would quote the text.
    throw wrongFile('is no JSON')
  }
}

function identityOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
}

function faultOf(stats: BigIntStats): string | undefined {
  if (!stats.isFile()) return 'is no regular file'
  const user = process.getuid?.()
  if (user !== undefined && stats.uid !== 0n && stats.uid !== BigInt(user))
    return `belongs to the user ${stats.uid}`
  return stats.size > BigInt(MAX_BYTES) ? `has more than ${MAX_BYTES} bytes` : undefined
}

/** A fault of the seal file, in words that may be shown to everybody. */
function wrongFile(fault: string, cause?: unknown): AgentServerError {
  return new AgentServerError({
    code: 'invalid_setting',
    message: `The seal file ${fault}.`,
    hint: 'It must be a file of this user or of root, {"env": {"CLAUDE_AGENT_TOKEN": "16 characters or more", …}}.',
    cause,
  })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
