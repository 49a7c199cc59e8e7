// Brings Debian's packages that tests want, where that is allowed.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Packages can be installed: this is Debian, as root. */
export const mayInstall =
  process.platform === 'linux' && existsSync('/etc/debian_version') && process.getuid?.() === 0

/** Whether all of these commands are there. */
export function hasCommands(commands) {
  return commands.every(
    (command) => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', command], { stdio: 'ignore' }).status === 0,
  )
}

/** Installs packages; false when that failed. */
export function installPackages(packages) {
  const apt = (...args) =>
    spawnSync('apt-get', args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  apt('update', '-qq')
  return apt('install', '-y', '-qq', '--no-install-recommends', ...packages).status === 0
}
