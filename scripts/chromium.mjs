// Finds a Chromium for the browser tests, and installs Debian's where that is allowed.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The path of a Chromium, or undefined. */
export function findChromium() {
  return [process.env.CHROMIUM_PATH, ...PLACES].find((path) => path !== undefined && existsSync(path))
}

/** Installs Debian's Chromium as root; otherwise says what is left out and why. */
export async function installChromium() {
  const isDebian = existsSync('/etc/debian_version')
  if (!isDebian || process.getuid?.() !== 0) {
    console.log(
      'No Chromium was found, and it can be installed only on Debian as root: the browser tests are left out.',
    )
    return
  }
  console.log("Installing Debian's Chromium for the browser tests …")
  const apt = (...args) =>
    spawnSync('apt-get', args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  apt('update', '-qq')
  if (apt('install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-dejavu-core').status !== 0)
    console.log('Chromium could not be installed: the browser tests are left out.')
}
