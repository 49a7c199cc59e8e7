import { existsSync, mkdirSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { MARK } from './sandbox-processes.ts'
import type { SandboxCommand, SandboxPlace, SandboxTemplate } from './template-store.ts'

/** A command as envd is asked for it: paths and user are those of the sandbox. */
export interface CommandWish {
  cmd: string
  args: string[]
  cwd?: string | undefined
  envs?: Record<string, string> | undefined
  user: string
}

/** Users whom the double believes in without a root of their own. */
export const USERS: readonly string[] = ['root', 'user', 'server', 'agent']

export function homeOf(user: string): string {
  return user === 'root' ? '/root' : `/home/${user}`
}

/** Puts a command into the sandbox: by the way of its template, or with paths on this machine. */
export function prepareCommand(
  sandbox: SandboxPlace & { id: string; wish: { template: SandboxTemplate; envs: Record<string, string> } },
  wish: CommandWish,
): SandboxCommand {
  const { root, address, id } = sandbox
  const { template, envs } = sandbox.wish
  const { user } = wish
  const enter = template.enter
  const place = (path: string): string => (enter === undefined ? join(root, path) : path)
  const cwd = wish.cwd ?? homeOf(user)
  const env: Record<string, string> = {
    PATH:
      enter === undefined ? (process.env['PATH'] ?? '/usr/bin:/bin') : '/usr/local/bin:/usr/bin:/bin:/sbin',
    HOME: place(homeOf(user)),
    USER: user,
    LOGNAME: user,
    HOST: address,
    E2B_SANDBOX: 'true',
    E2B_SANDBOX_ID: id,
    E2B_DOUBLE_ROOT: root,
    E2B_DOUBLE_ADDRESS: address,
    ...template.envs,
    ...envs,
    ...wish.envs,
    [MARK]: id,
  }
  if (enter !== undefined) {
    return enter({ command: wish.cmd, args: wish.args, cwd, env }, { root, address }, user)
  }
  const folder = join(root, isAbsolute(cwd) ? cwd : join(homeOf(user), cwd))
  mkdirSync(folder, { recursive: true })
  return { command: wish.cmd, args: wish.args.map((arg) => translate(root, arg)), cwd: folder, env }
}

/** Words of a command that name a file of the sandbox, as paths on this machine: there is no `chroot` here. */
function translate(root: string, text: string): string {
  return text.replace(/(^|[\s'"=])(\/[\w./-]+)/g, (whole, before: string, path: string) =>
    existsSync(join(root, path)) && path !== '/' ? `${before}${join(root, path)}` : whole,
  )
}
