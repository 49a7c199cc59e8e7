import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import type { AgentUser } from '../agent-user.ts'
import { endGroup, groupProcesses, makeGroup, moveToGroup } from './control-group.ts'
import { enterGroup, passesShell, type Command } from './entry.ts'
import { findMarked, killMarked, MARK_VARIABLE } from './marks.ts'
import { giveWay, giveWayAsSession } from './niceness.ts'
import type { ProcessEntry } from './process-table.ts'

/** Where and with what a program is started. */
export interface Surroundings {
  cwd: string | undefined
  env: NodeJS.ProcessEnv
  /** A descriptor of this process, which the program gets as 3. */
  descriptor?: number | undefined
  /** The server goes on first when both want the processor. @default false */
  givesWay?: boolean
}

/** What all programs of a scope have in common. */
export interface ScopeOptions {
  /** Whose the programs are. @default the server's own user */
  user?: AgentUser | undefined
  /** That of programs that give way, from 0 (not at all) to 19. @default 0 */
  niceness?: number
}

/**
 * What is found and killed together: a process and everything that it starts, by a mark in the environment and, where
 * there is one, by a control group. What escapes one of the two is in the other.
 */
export class Scope {
  readonly #mark: string
  readonly #group: string | undefined
  readonly #options: ScopeOptions

  constructor(mark: string, group?: string, options: ScopeOptions = {}) {
    this.#mark = mark
    this.#group = group
    this.#options = options
  }

  /** Starts a program in this scope, in a process group of its own. */
  spawn(
    given: Command,
    { cwd, env, descriptor, givesWay = false }: Surroundings,
  ): ChildProcessWithoutNullStreams {
    const environment = { ...env, [MARK_VARIABLE]: this.#mark }
    const group = this.#group !== undefined && makeGroup(this.#group) ? this.#group : undefined
    const enters = group !== undefined && passesShell(environment)
    // The group first: only the server's own user may enter it.
    const { user, niceness = 0 } = this.#options
    const own = user?.enter(given) ?? given
    const program = givesWay ? giveWay(niceness, own) : own
    const { command, args } = enters ? enterGroup(group, program) : program
    const child = spawn(command, args, {
      cwd,
      env: environment,
      stdio: ['pipe', 'pipe', 'pipe', ...(descriptor === undefined ? [] : [descriptor])],
      // Ctrl-C in the server's terminal is for the server, which then ends its agents in order.
      detached: true,
      windowsHide: true,
    }) as ChildProcessWithoutNullStreams
    // It runs already, for microseconds: no program forks so early, and the mark is there as well.
    if (group !== undefined && !enters && child.pid !== undefined) moveToGroup(group, child.pid)
    if (givesWay && child.pid !== undefined) giveWayAsSession(niceness, child.pid)
    return child
  }

  /** The living processes of this scope. */
  async find(): Promise<ProcessEntry[]> {
    return findMarked(this.#mark, this.#group === undefined ? [] : await groupProcesses(this.#group))
  }

  /**
   * Kills the processes of this scope, and what they start meanwhile, and removes the directory of its group. `known`
   * was found before and may not be findable any more. Safe to call again.
   */
  async kill(known: readonly ProcessEntry[] = []): Promise<void> {
    await Promise.all([
      this.#group === undefined ? true : endGroup(this.#group),
      killMarked(this.#mark, known),
    ])
  }

  /** A scope in this one. */
  within(name: string): Scope {
    return new Scope(`${this.#mark}${name}/`, this.#group && `${this.#group}/${name}`, this.#options)
  }
}
