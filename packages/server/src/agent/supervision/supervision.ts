import { execFile } from 'node:child_process'
import { drawBytes } from '../../random.ts'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { endGroup, makeGroup } from './control-group.ts'
import { enterGroup } from './entry.ts'
import { findGroups, readHierarchies, type Hierarchy } from './hierarchy.ts'
import { killMarked } from './marks.ts'
import type { ProcessEntry } from './process-table.ts'
import { Scope, type ScopeOptions } from './scope.ts'
import { startWatcher, type Watcher } from './watcher.ts'

/** What the probe of a group may take. */
const PROBE_MS = 5_000

/** By what the processes of agents are kept together: a control group beside the marks, or marks alone. */
export type SupervisionKind = 'cgroup' | 'marks'

export interface SupervisionOptions extends ScopeOptions {
  /** The folder in `/proc` that tells of this process's groups and mounts. @default '/proc/self' */
  proc?: string
}

/**
 * Keeps the processes of a server's agents together, so that none is left when an agent or the server is gone, however
 * it went: by marks in their environment, and by control groups where they can be had.
 */
export class Supervision {
  readonly kind: SupervisionKind
  readonly #scope: Scope
  readonly #watcher: Watcher | undefined
  #opened = 0

  private constructor(kind: SupervisionKind, scope: Scope, watcher: Watcher | undefined) {
    this.kind = kind
    this.#scope = scope
    this.#watcher = watcher
  }

  /** Kills what earlier starts with this id left, and watches from now on. Only one server may have an id at a time. */
  static async start(id: string, { proc, ...options }: SupervisionOptions = {}): Promise<Supervision> {
    const hierarchies = await readHierarchies(proc)
    const prefix = `claude-agent-${id}.`
    await Promise.all([killMarked(`${id}/`), ...hierarchies.map((one) => sweep(one, prefix))])
    // Named anew at each start: a watcher that still sweeps after an earlier one leaves this one alone.
    const start = drawBytes(4).toString('hex')
    const mark = `${id}/${start}/`
    const group = await makeUsableGroup(hierarchies, `${prefix}${start}`)
    return new Supervision(
      group === undefined ? 'marks' : 'cgroup',
      new Scope(mark, group, options),
      startWatcher(mark, group),
    )
  }

  /** A scope for one more agent. */
  open(): Scope {
    this.#opened += 1
    return this.#scope.within(String(this.#opened))
  }

  /** The living processes of all agents. */
  find(): Promise<ProcessEntry[]> {
    return this.#scope.find()
  }

  /** Kills what is left of all agents, and ends the watcher. Safe to call again. */
  async close(): Promise<void> {
    await this.#scope.kill()
    this.#watcher?.release()
  }
}

/** Ends the groups of earlier starts, wherever in the hierarchy those ran. */
async function sweep({ mount, own }: Hierarchy, prefix: string): Promise<void> {
  const groups = await findGroups(mount, prefix)
  // A server that an agent of its forerunner started is itself in such a group.
  await Promise.all(groups.filter((path) => !`${own}/`.startsWith(`${path}/`)).map(endGroup))
}

/** Makes a group in the first place where a process can be put into one below it. */
async function makeUsableGroup(hierarchies: readonly Hierarchy[], name: string): Promise<string | undefined> {
  for (const { own } of hierarchies) {
    const group = join(own, name)
    if (!makeGroup(group)) continue
    if (await isUsable(group)) return group
    await endGroup(group)
  }
  return undefined
}

/** Puts a process into a group as agents are put, and asks it where it is. */
async function isUsable(group: string): Promise<boolean> {
  const probe = join(group, 'probe')
  if (!makeGroup(probe)) return false
  const { command, args } = enterGroup(probe, { command: 'cat', args: ['/proc/self/cgroup'] })
  const { stdout } = await promisify(execFile)(command, args, {
    env: { PATH: '/usr/bin:/bin' },
    timeout: PROBE_MS,
  }).catch(() => ({ stdout: '' }))
  await endGroup(probe)
  const place = `/${basename(group)}/probe`
  return stdout.split('\n').some((line) => line.startsWith('0::') && line.endsWith(place))
}
