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

/** A path, and the letters by which `test` knows what it is to be to somebody. */
type Question = [path: string, letters: string]

const HIS = 'd w x'
const READABLE = 'r'

/**
 * Finds the user of agents, sees to it that he has his workspace and a home, and that he cannot read what is the
 * server's.
 * @throws AgentServerError `invalid_setting`
 */
export async function openQuarters(options: QuartersOptions): Promise<Quarters> {
  const { agentUser, workspace, dataDir, agentEnvironment, passEnv, programs } = options
  const user = await AgentUser.open(agentUser)
  const secrets = resolve('.env')
  await make(user, workspace, 'the workspace')
  const [hasWorkspace, hasHome, readsSecrets, ...reads] = await ask(user, [
    [workspace, HIS],
    [user.home ?? '/', HIS],
    [secrets, READABLE],
    ...programs.map((path): Question => [path, READABLE]),
  ])
  if (!hasWorkspace) throw notWritable(user, workspace, 'the workspace')
  const unread = programs.find((_, index) => !reads[index])
  // A server installed in somebody's home, for one, is out of his reach, and the agent's CLI with it.
  if (unread !== undefined)
    throw wrong(agentUser, `this user cannot read ${unread}`, 'Install the server where all users may read.')
  // What the server keeps in files is out of his reach; the data directory has a mode of its own.
  if ((await stat(dataDir)).uid === user.uid)
    throw wrong(agentUser, `the data directory ${dataDir} belongs to this user`, "Make it the server's.")
  // The workspace's own `.env` is the agent's, and the server does not read it.
  if (readsSecrets && !isInside(workspace, secrets))
    throw wrong(agentUser, `this user can read ${secrets}`, 'Take the right away (chmod 600), or move it.')
  const passed = passEnv.includes('HOME') ? agentEnvironment['HOME'] : undefined
  const isAtHome = hasHome === true && user.home !== undefined && user.home !== '/'
  const home = passed === undefined && isAtHome ? user.home : await makeHome(user, workspace, passed)
  return { user, environment: moveEnvironment(agentEnvironment, user, home, passEnv) }
}

/** As for `nobody`, whose home is not his: a folder beside the workspace, or what the operator has named. */
async function makeHome(user: AgentUser, workspace: string, passed: string | undefined): Promise<string> {
  const home = passed ?? `${workspace}.home`
  await make(user, home, 'the home')
  const [isHis] = await ask(user, [[home, HIS]])
  if (!isHis) throw notWritable(user, home, 'the home')
  return home
}

/** Makes a folder that belongs to the user, where it is not there. */
async function make(user: AgentUser, path: string, what: string): Promise<void> {
  if (await isFolder(path)) return
  // Where he may not make it himself, the server may be able to give it to him.
  await user.run('mkdir', '-p', '--', path).catch(() => giveFolder(user, path, what))
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

function notWritable(user: AgentUser, path: string, what: string): AgentServerError {
  return notHis(user, path, what, 'it is there, but he may not write to it')
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true
}

/** What is true to this user, asked all at once: to become him takes longer than the answers. */
async function ask(user: AgentUser, questions: readonly Question[]): Promise<boolean[]> {
  const words = questions.flatMap(([path, letters]) => [letters, path])
  const said = await user.run('sh', '-c', ASK, 'sh', ...words).catch(() => '')
  const answers = said.split('\n')
  return questions.map((_, index) => answers[index] === 'yes')
}

const ASK = `
while [ $# -gt 0 ]; do
  said=yes
  for letter in $1; do test "-$letter" "$2" || said=no; done
  echo $said
  shift 2
done
`
