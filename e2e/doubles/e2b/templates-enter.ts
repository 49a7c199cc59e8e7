import { spawnSync } from 'node:child_process'
import { readdirSync, readlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { SandboxCommand, SandboxPlace } from './template-store.ts'

/** Why commands cannot be run in a root of their own on this machine; undefined where they can. */
export function whyNoRoots(): string | undefined {
  if (process.platform !== 'linux') return 'templates are built in a changed root, which only Linux has'
  if (process.getuid?.() !== 0) return 'templates are built in a changed root, which only root may enter'
  const { status } = spawnSync('unshare', [
    '--mount',
    '--propagation',
    'private',
    'mount',
    '-t',
    'tmpfs',
    'x',
    '/mnt',
  ])
  return status === 0 ? undefined : 'this machine lets nobody mount, which a changed root needs'
}

/** What of this machine's /usr stands in for that of the base image; /usr/local is the template's own. */
export function shared(): { folders: string[]; links: Map<string, string> } {
  const items = readdirSync('/usr', { withFileTypes: true }).filter(({ name }) => name !== 'local')
  return {
    folders: items.filter((item) => item.isDirectory()).map(({ name }) => name),
    links: new Map(
      items.filter((item) => item.isSymbolicLink()).map(({ name }) => [name, readlinkSync(`/usr/${name}`)]),
    ),
  }
}

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url))
/** Packages that are too big to be copied for each sandbox: the CLI. Those of the repository are seen in their place. */
const BIG = 'node_modules/@anthropic-ai/claude-agent-sdk-'
const APP = 'opt/claude-agent-server'

const SCRIPT = `
set -e
root=$1 user=$2 cwd=$3 source=$4
shift 4
for name in ${shared().folders.join(' ')}; do mount --bind -o ro "/usr/$name" "$root/usr/$name"; done
mount --bind /proc "$root/proc"
mount --rbind /dev "$root/dev"
for place in "${REPOSITORY}"/${BIG}*; do
  there=$root/${APP}/node_modules/@anthropic-ai/$(basename "$place")
  [ ! -d "$there" ] || mount --bind -o ro "$place" "$there"
done
[ ! -e "$root/.node" ] || mount --bind -o ro "${process.execPath}" "$root/.node"
[ -z "$source" ] || mount --bind -o ro "$source" "$root/.double"
if [ "$user" = root ]; then exec chroot "$root" env -C "$cwd" -- "$@"; fi
exec chroot "$root" setpriv "--reuid=$user" "--regid=$user" --init-groups -- env -C "$cwd" -- "$@"
`

/**
 * A command in the root of a template or a sandbox, as one of its users. What is mounted for it is seen by it alone and
 * gone with it. `source` is seen as /.double.
 */
export function enterRoot(
  command: SandboxCommand,
  place: SandboxPlace,
  user: string,
  source = '',
): SandboxCommand {
  const args = ['--mount', '--propagation', 'private', '/bin/sh', '-c', SCRIPT, 'enter']
  return {
    command: 'unshare',
    args: [...args, place.root, user, command.cwd, source, command.command, ...command.args],
    cwd: '/',
    env: command.env,
  }
}
