// Finds a Chromium for the browser tests, and installs Debian's where that is allowed.
import { existsSync } from 'node:fs'
import { installPackages, mayInstall } from './debian.mjs'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The path of a Chromium, or undefined. */
export function findChromium() {
  return [process.env.CHROMIUM_PATH, ...PLACES].find((path) => path !== undefined && existsSync(path))
}

/** Installs Debian's Chromium as root; otherwise says what is left out and why. */
export function installChromium() {
  if (!mayInstall) {
    console.log(
      'No Chromium was found, and it can be installed only on Debian as root: the browser tests are left out.',
    )
    return
  }
  console.log("Installing Debian's Chromium for the browser tests …")
  if (!installPackages(['chromium', 'fonts-dejavu-core']))
    console.log('Chromium could not be installed: the browser tests are left out.')
}
