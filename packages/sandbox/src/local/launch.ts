import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { SandboxError } from '../errors.ts'
import { hide } from '../hide.ts'
import { aborted } from '../ready.ts'
import { confine } from './bubblewrap.ts'
import { identify, isAlive, type ProcessIdentity } from './processes.ts'
import type { Program } from './program.ts'
import type { Layout } from './state.ts'

const POLL_MS = 20
/** What is shown of a server's last words. */
const LAST_WORDS = 2_000
/** The descriptors after stdin, stdout and stderr. */
const INFO_FD = 3
const ARGUMENTS_FD = 4
/** What the server prints once it listens. */
const LISTENS = /^ +page +http:\/\/\S+:(\d+)\/$/m

export interface Launch {
  program: Program
  layout: Layout
  /** All that the server's environment holds. */
  environment: Record<string, string>
  /** Values of it that are not to be shown. */
  secrets: readonly string[]
  isolation: 'none' | 'namespaces'
  /** Further files and folders of the machine that can be read inside. */
  readable: readonly string[]
  /** Milliseconds until it has to listen. */
  timeoutMs: number
  signal: AbortSignal | undefined
}

/** Starts a server that outlives this process. @throws SandboxError `start_failed`, `aborted` */
export async function launch(start: Launch): Promise<ProcessIdentity> {
  if (start.signal?.aborted) throw aborted(start.signal)
  const log = await open(start.layout.log, 'w', 0o600)
  try {
    return start.isolation === 'none' ? await launchBare(start, log.fd) : await launchConfined(start, log.fd)
  } finally {
    await log.close()
  }
}

/** Resolves with the server's port once it listens. @throws SandboxError `start_failed`, `start_timeout`, `aborted` */
export async function waitForPort(server: ProcessIdentity, start: Launch): Promise<number> {
  const { layout, signal, timeoutMs } = start
  const end = Date.now() + timeoutMs
  for (;;) {
    if (signal?.aborted) throw aborted(signal)
    const isThere = await isAlive(server)
    const printed = await readFile(layout.log, 'utf8').catch(() => '')
    const port = LISTENS.exec(printed)?.[1]
    if (port !== undefined) return Number(port)
    if (!isThere) throw failed('The server ended before it listened.', start, printed)
    if (Date.now() > end) {
      throw new SandboxError({
        code: 'start_timeout',
        message: `The server did not listen after ${timeoutMs} ms.${lastWords(start, printed)}`,
        hint: 'Try again when the machine is less busy, or give local() a longer `startTimeoutMs`.',
      })
    }
    await delay(POLL_MS)
  }
}

async function launchBare(start: Launch, log: number): Promise<ProcessIdentity> {
  const [command, ...args] = start.program.command
  const child = spawn(command!, args, {
    cwd: start.layout.folder,
    env: start.environment,
    detached: true,
    stdio: ['ignore', log, log],
  })
  await spawned(child, start)
  return await identityOf(child.pid!, start)
}

async function launchConfined(start: Launch, log: number): Promise<ProcessIdentity> {
  const { layout, program, environment, readable } = start
  const told = confine({
    layout,
    environment,
    readable: [...program.needs, ...readable],
    infoFd: INFO_FD,
  })
  const child = spawn('bwrap', ['--args', `${ARGUMENTS_FD}`, '--', ...program.command], {
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
    detached: true,
    stdio: ['ignore', log, log, 'pipe', 'pipe'],
  })
  await spawned(child, start)
  const given = child.stdio[ARGUMENTS_FD] as Writable
  const info = child.stdio[INFO_FD] as Readable
  given.on('error', () => {})
  given.end(told.map((argument) => `${argument}\0`).join(''))
  let text = ''
  for await (const part of info.setEncoding('utf8')) text += part as string
  const first = /"child-pid":\s*(\d+)/.exec(text)?.[1]
  if (first === undefined) {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    throw failed('bubblewrap did not start the server.', start, await readFile(layout.log, 'utf8'))
  }
  return await identityOf(Number(first), start)
}

/** Resolves when there is a process; from then on this one may end before it. */
async function spawned(child: ChildProcess, start: Launch): Promise<void> {
  child.unref()
  try {
    await once(child, 'spawn')
  } catch (cause) {
    throw failed(`The server cannot be run: ${(cause as Error).message}.`, start, '')
  }
}

async function identityOf(id: number, start: Launch): Promise<ProcessIdentity> {
  const identity = await identify(id)
  if (identity !== undefined) return identity
  throw failed('The server ended at once.', start, await readFile(start.layout.log, 'utf8'))
}

function failed(what: string, start: Launch, printed: string): SandboxError {
  return new SandboxError({
    code: 'start_failed',
    message: `${what}${lastWords(start, printed)}`,
    hint: 'Look at the variables in `envs`, and whether @claude-agent/server is built and complete.',
  })
}

/** The end of what the server printed, without the values that it was given. */
function lastWords({ secrets }: Launch, printed: string): string {
  const text = hide(printed, secrets).trim()
  return text === '' ? '' : ` It printed:\n${text.slice(-LAST_WORDS)}`
}
