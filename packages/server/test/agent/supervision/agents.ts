import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { findGroups, readHierarchies } from '../../../src/agent/supervision/hierarchy.ts'
import { sendSignal } from '../../../src/agent/supervision/marks.ts'
import { readProcess } from '../../../src/agent/supervision/process-table.ts'
import type { Command } from '../../../src/agent/supervision/entry.ts'
import type { Scope } from '../../../src/agent/supervision/scope.ts'
import { Supervision } from '../../../src/agent/supervision/supervision.ts'
import { until } from '../../support.ts'

/** A folder in place of `/proc/self` that tells of no control groups. */
export const NO_GROUPS = { proc: join(import.meta.dirname, 'no-such-folder') }

/** Why the tests with control groups are skipped here, or undefined where they run. */
export const noGroups: string | undefined = await (async () => {
  if (process.platform !== 'linux') return 'control groups are of Linux'
  const probe = await Supervision.start(randomUUID())
  await probe.close()
  return probe.kind === 'cgroup' ? undefined : 'no cgroup v2 that this user may write to'
})()

/** The name of a test, with the reason when it is skipped. */
export const orWhyNot = (name: string): string =>
  noGroups === undefined ? name : `${name} (skipped: ${noGroups})`

/** A supervision that ends with its test. */
export async function supervise(id: string = randomUUID(), options = {}): Promise<Supervision> {
  const supervision = await Supervision.start(id, options)
  onTestFinished(() => supervision.close())
  return supervision
}

/** The directories of the groups of a server. */
export async function groupsOf(id: string): Promise<string[]> {
  const hierarchies = await readHierarchies()
  const found = await Promise.all(hierarchies.map(({ mount }) => findGroups(mount, `claude-agent-${id}.`)))
  return found.flat()
}

/** Starts a program in a scope, with the tests' PATH. */
export function run(
  scope: Scope,
  command: Command,
  env: NodeJS.ProcessEnv = {},
): ChildProcessWithoutNullStreams {
  const child = scope.spawn(command, { cwd: '/', env: { PATH: process.env['PATH'], ...env } })
  child.stdin.on('error', () => {})
  return child
}

// It leaves the session, forks twice, clears its environment, and writes over its title, as PostgreSQL does.
const DAEMON = `
process.title = 'postgres: writer'
require('node:fs').writeFileSync(process.argv[1], process.pid + '\\n')
setInterval(() => {}, 1 << 30)`
const DAEMONIZE = `setsid nohup env -i /bin/sh -c '"$0" "$@" >/dev/null 2>&1 & exit' "$0" "$@" >/dev/null 2>&1 &`

/** A program that starts a daemon, which writes its id to a file, and goes on. */
export const daemonizing = (file: string): Command => ({
  command: '/bin/sh',
  args: ['-c', `${DAEMONIZE} wait; exec tail -f /dev/null`, process.execPath, '-e', DAEMON, file],
})

/** The id of a daemon, once those that it descends from are gone. It ends with the test. */
export async function daemonOf(file: string): Promise<number> {
  let id = Number.NaN
  await until('the daemon runs', async () => {
    const text = await readFile(file, 'utf8').catch(() => '')
    id = Number(text)
    return text.endsWith('\n')
  })
  const daemon = (await readProcess(id))!
  await until('its parents are gone', async () => !(await isAlive(daemon.session)))
  onTestFinished(async () => {
    if ((await readProcess(id))?.startedAt === daemon.startedAt) sendSignal(id, 'SIGKILL')
  })
  return id
}

export async function isAlive(id: number): Promise<boolean> {
  return (await readProcess(id)) !== undefined
}

/** A server as a process of its own, with one agent. */
export interface Host {
  process: ChildProcessWithoutNullStreams
  kind: string
  agent: number
}

/** The program of such a server. */
export const HOST = fileURLToPath(new URL('host.mjs', import.meta.url))

/** Starts a server that can be killed. */
export async function startHost(id: string, proc: string, program: Command): Promise<Host> {
  const host = spawn(process.execPath, [HOST, id, proc, program.command, ...program.args], {
    env: { PATH: process.env['PATH'] },
  })
  onTestFinished(() => void host.kill('SIGKILL'))
  host.stderr.pipe(process.stderr)
  const [told] = (await once(createInterface(host.stdout), 'line')) as [string]
  return { process: host, ...(JSON.parse(told) as { kind: string; agent: number }) }
}
