import { execFile } from 'node:child_process'
import { access, constants, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { AgentServerError } from '@claude-agent/protocol'
import { lackingCapabilities, readRights } from './capabilities.ts'
import { findUser } from './passwd.ts'
import type { Command } from './supervision/entry.ts'

const PLACES = ['/usr/bin/setpriv', '/bin/setpriv', '/usr/sbin/setpriv', '/usr/local/bin/setpriv']
/** What a small command may take, on a busy machine. */
const COMMAND_MS = 20_000
/** What stands for a shell where nobody is to log in. */
const NO_SHELL = /\/(nologin|false)$/

interface Identity {
  uid: number
  gid: number
  /** Undefined for an id that no user has. */
  name: string | undefined
  /** As `/etc/passwd` says, which is not to say that it is there. */
  home: string | undefined
  shell: string | undefined
  /** He is in the groups that the system knows for his name; else in the one that was given. */
  isInGroups: boolean
}

/**
 * The user that agents run as: another one than the server, with no capabilities, and no way to get some. Programs
 * become his by `setpriv`, which changes user and groups, drops what the server holds, and then becomes the program.
 */
export class AgentUser {
  readonly uid: number
  readonly gid: number
  readonly name: string | undefined
  readonly home: string | undefined
  readonly shell: string | undefined
  readonly #isInGroups: boolean
  readonly #setpriv: string

  private constructor({ uid, gid, name, home, shell, isInGroups }: Identity, setpriv: string) {
    this.uid = uid
    this.gid = gid
    this.name = name
    this.home = home
    this.shell = shell
    this.#isInGroups = isInGroups
    this.#setpriv = setpriv
  }

  /**
   * Finds a user by name or as `uid:gid`, and tries whether programs can be run as him.
   * @throws AgentServerError `invalid_setting`
   */
  static async open(setting: string): Promise<AgentUser> {
    if (process.platform !== 'linux') throw wrong(setting, 'agents of another user need Linux')
    const identity = await identify(setting)
    const own = readRights(await readFile('/proc/self/status', 'utf8'))
    if (identity.uid === 0) throw wrong(setting, 'agents are not to run as root')
    if (identity.uid === own.uid) throw wrong(setting, 'the server itself runs as this user')
    const lacking = lackingCapabilities(own)
    if (lacking.length > 0)
      throw wrong(
        setting,
        `the server lacks the capabilities ${lacking.join(', ')}`,
        'Start it as root, or with these capabilities as ambient ones: docs/security.md, Two users.',
      )
    const user = new AgentUser(identity, await findSetpriv(setting))
    await user.#try(setting)
    return user
  }

  /** The command that becomes this user, then the given program: same process, same pipes, same environment. */
  enter({ command, args }: Command): Command {
    const groups = this.#isInGroups ? '--init-groups' : '--clear-groups'
    const who = [`--reuid=${this.uid}`, `--regid=${this.gid}`, groups]
    const rights = ['--inh-caps=-all', '--ambient-caps=-all', '--no-new-privs']
    return { command: this.#setpriv, args: [...who, ...rights, '--', command, ...args] }
  }

  /** Runs a small command as this user, with an environment of nothing, and gives what it prints. Throws when it fails. */
  async run(program: string, ...programArgs: string[]): Promise<string> {
    const { command, args } = this.enter({ command: program, args: programArgs })
    const env = { PATH: '/usr/local/bin:/usr/bin:/bin' }
    const { stdout } = await promisify(execFile)(command, [...args], { env, cwd: '/', timeout: COMMAND_MS })
    return stdout
  }

  async #try(setting: string): Promise<void> {
    const status = await this.run('cat', '/proc/self/status').catch((cause: unknown) => {
      throw wrong(
        setting,
        `programs cannot be run as this user: ${(cause as Error).message.trim()}`,
        undefined,
        cause,
      )
    })
    const { uid, any, noNewPrivileges } = readRights(status)
    if (uid !== this.uid || any !== 0n || noNewPrivileges === false)
      throw wrong(setting, 'programs that are run as this user keep rights of the server')
  }
}

async function identify(setting: string): Promise<Identity> {
  const ids = /^(\d+):(\d+)$/.exec(setting)
  const entry = await findUser(ids === null ? setting : Number(ids[1]))
  if (ids === null && entry === undefined)
    throw wrong(setting, 'no user has this name', 'Make the user, or give `uid:gid`.')
  const shell = entry === undefined || NO_SHELL.test(entry.shell) ? '' : entry.shell
  return {
    uid: ids === null ? entry!.uid : Number(ids[1]),
    gid: ids === null ? entry!.gid : Number(ids[2]),
    name: entry?.name,
    home: entry?.home || undefined,
    shell: shell || undefined,
    isInGroups: ids === null,
  }
}

async function findSetpriv(setting: string): Promise<string> {
  for (const path of PLACES) {
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isThere) return path
  }
  throw wrong(setting, '`setpriv` is not installed', 'Install util-linux.')
}

/** An error of the setting. */
export function wrong(setting: string, why: string, hint?: string, cause?: unknown): AgentServerError {
  return new AgentServerError({
    code: 'invalid_setting',
    message: `CLAUDE_AGENT_USER='${setting}' cannot be used: ${why}.`,
    hint: hint ?? 'Name another user: docs/security.md, Two users.',
    ...(cause === undefined ? {} : { cause }),
  })
}
