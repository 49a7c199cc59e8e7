import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs'
import { SandboxError } from '../errors.ts'
import type { Layout } from './state.ts'

/** What of `/etc` a program needs: names, certificates, the linker. None of it is a secret. */
const ETC = [
  'alternatives',
  'ca-certificates',
  'ca-certificates.conf',
  'crypto-policies',
  'group',
  'hosts',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'mime.types',
  'nsswitch.conf',
  'passwd',
  'pki',
  'protocols',
  'resolv.conf',
  'services',
  'ssl',
]
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store']

/** Whether bubblewrap is installed and allowed to make namespaces here, which containers and some systems refuse. */
export function hasBubblewrap(): boolean {
  const { status } = spawnSync(
    'bwrap',
    words(
      '--unshare-pid --unshare-ipc --unshare-uts --cap-drop ALL --ro-bind / / --proc /proc --dev /dev true',
    ),
    { stdio: 'ignore', timeout: 10_000 },
  )
  return status === 0
}

export interface Confinement {
  layout: Layout
  environment: Readonly<Record<string, string>>
  /** Files and folders that can be read beside the system, at the same place. */
  readable: readonly string[]
  /** The file descriptor at which bubblewrap tells the id of the first process. */
  infoFd: number
}

/**
 * What bubblewrap is told, for its `--args`: not in its own arguments, which everybody can read, nor in its environment,
 * which the agent could: bubblewrap stays as the first process in there, so that it can gather the dead.
 *
 * The system is read-only; writable are the sandbox's own folders; the home of the user is not there, nor the state with
 * the token. Processes outside cannot be seen. The network is the machine's.
 * @throws SandboxError `invalid_options` where one argument would be taken for several
 */
export function confine({ layout, environment, readable, infoFd }: Confinement): string[] {
  const { home, workspace, data } = layout
  const told = [
    // Not --die-with-parent: it lives until its lease is over, whoever created it.
    ...words('--unshare-pid --unshare-ipc --unshare-uts --unshare-cgroup-try --new-session --cap-drop ALL'),
    ...words(`--hostname sandbox --info-fd ${infoFd} --proc /proc --dev /dev`),
    ...words('--tmpfs /tmp --tmpfs /var/tmp --tmpfs /run'),
    ...SYSTEM.flatMap(showSystem),
    ...ETC.flatMap((name) => showFile(`/etc/${name}`)),
    ...readable.flatMap((path) => ['--ro-bind-try', path, path]),
    ...[home, workspace, data].flatMap((path) => ['--bind', path, path]),
    // What is between the mounts, such as /etc itself.
    ...words('--remount-ro /'),
    '--chdir',
    home,
    '--clearenv',
    ...Object.entries(environment).flatMap(([name, value]) => ['--setenv', name, value]),
  ]
  if (!told.some((argument) => argument.includes('\0'))) return told
  throw new SandboxError({
    code: 'invalid_options',
    message: 'A variable or a path for bubblewrap has a NUL in it.',
    hint: 'Look at `envs`, and at `folder` and `readable` of local().',
  })
}

/** A folder of the system, or the link that it is where everything lies in `/usr`. */
function showSystem(path: string): string[] {
  if (!existsSync(path)) return []
  if (lstatSync(path).isSymbolicLink()) return ['--symlink', readlinkSync(path), path]
  return ['--ro-bind', path, path]
}

/** What a name leads to, at that name: `resolv.conf` is often a link to somewhere that is not there. */
function showFile(path: string): string[] {
  return existsSync(path) ? ['--ro-bind', realpathSync(path), path] : []
}

function words(text: string): string[] {
  return text.split(' ')
}
