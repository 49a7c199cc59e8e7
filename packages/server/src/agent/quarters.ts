import { chown, mkdir, rmdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { AgentServerError } from '@claude-agent/protocol'
import { isInside } from '../files/path.ts'
import { AgentUser, wrong } from './agent-user.ts'
import { moveEnvironment } from './environment.ts'

/** Where agents live, and as whom. */
export interface Quarters {
  user: AgentUser
  /** The explicit environment of agents, for their user. */
  environment: Record<string, string>
}

/** What of the configuration decides it. */
export interface QuartersOptions {
  agentUser: string
  workspace: string
  dataDir: string
  agentEnvironment: Record<string, string>
  passEnv: readonly string[]
  /** Files that a program of the agent's user must be able to read. */
  programs: readonly string[]
}

/**
 * Finds the user of agents, sees to it that he has his workspace and a home, and that he cannot read what is the
 * server's.
 * @throws AgentServerError `invalid_setting`
 */
export async function openQuarters(options: QuartersOptions): Promise<Quarters> {
  const { agentUser, workspace, agentEnvironment, passEnv } = options
  const user = await AgentUser.open(agentUser)
  await makeFor(user, workspace, 'the workspace')
  const home = await findHome(user, options)
  const environment = moveEnvironment(agentEnvironment, user, home, passEnv)
  await Promise.all([requireReadable(user, options), requireHidden(user, options)])
  return { user, environment }
}

/** The home that `/etc/passwd` names, where it is his; else, as for `nobody`, a folder beside the workspace. */
async function findHome(user: AgentUser, options: QuartersOptions): Promise<string> {
  const { workspace, passEnv, agentEnvironment } = options
  const passed = passEnv.includes('HOME') ? agentEnvironment['HOME'] : undefined
  if (passed === undefined && user.home !== undefined && user.home !== '/' && (await isHis(user, user.home)))
    return user.home
  const home = passed ?? `${workspace}.home`
  await makeFor(user, home, 'the home')
  return home
}

/** Makes a folder that belongs to the user, where it is not there. */
async function makeFor(user: AgentUser, path: string, what: string): Promise<void> {
  if (!(await isFolder(path))) {
    // Where he may not make it himself, the server may be able to give it to him.
    await user.run('mkdir', '-p', '--', path).catch(() => giveFolder(user, path, what))
  }
  if (await isHis(user, path)) return
  throw notHis(user, path, what, 'it is there, but he may not write to it')
}

async function giveFolder(user: AgentUser, path: string, what: string): Promise<void> {
  try {
    await mkdir(join(path, '..'), { recursive: true })
    await mkdir(path, { mode: 0o755 })
  } catch (cause) {
    throw notHis(user, path, what, `it cannot be made: ${(cause as Error).message}`)
  }
  try {
    await chown(path, user.uid, user.gid)
  } catch (cause) {
    await rmdir(path)
    throw notHis(
      user,
      path,
      what,
      `it is not there, and the server may not give it: ${(cause as Error).message}`,
    )
  }
}

function notHis({ uid, gid }: AgentUser, path: string, what: string, why: string): AgentServerError {
  return new AgentServerError({
    code: 'invalid_setting',
    message: `${path} is to be ${what} of the agents' user ${uid}:${gid}, but ${why}.`,
    hint: `Make it his: install -d -o ${uid} -g ${gid} ${path}. He must be able to get there, too.`,
  })
}

/** A server installed in somebody's home, for one, is out of his reach, and the agent's CLI with it. */
async function requireReadable(user: AgentUser, { agentUser, programs }: QuartersOptions): Promise<void> {
  const readable = await Promise.all(programs.map((path) => can(user, path, 'r')))
  const hidden = programs.find((_, index) => !readable[index])
  if (hidden === undefined) return
  throw wrong(agentUser, `this user cannot read ${hidden}`, 'Install the server where all users may read.')
}

/** What the server keeps in files is out of his reach: the data directory has a mode of its own. */
async function requireHidden(user: AgentUser, options: QuartersOptions): Promise<void> {
  const { agentUser, workspace, dataDir } = options
  if ((await stat(dataDir)).uid === user.uid)
    throw wrong(agentUser, `the data directory ${dataDir} belongs to this user`, "Make it the server's.")
  // The workspace's own `.env` is the agent's, and the server does not read it.
  const secrets = resolve('.env')
  if (!isInside(workspace, secrets) && (await can(user, secrets, 'r')))
    throw wrong(agentUser, `this user can read ${secrets}`, 'Take the right away (chmod 600), or move it.')
}

async function isHis(user: AgentUser, path: string): Promise<boolean> {
  return await can(user, path, 'd', 'w', 'x')
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true
}

/** Whether a path is what `test` knows by these letters, to this user. */
async function can(user: AgentUser, path: string, ...letters: ('d' | 'r' | 'w' | 'x')[]): Promise<boolean> {
  const script = letters.map((letter) => `test -${letter} "$1"`).join(' && ')
  return await user.run('sh', '-c', script, 'sh', path).then(
    () => true,
    () => false,
  )
}
