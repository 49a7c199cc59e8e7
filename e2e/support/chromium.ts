import { accessSync, constants } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Where Chromium is: `CHROMIUM_PATH`, or the first of the usual places; undefined when it is nowhere. */
function findChromium(): string | undefined {
  const named = process.env['CHROMIUM_PATH']
  return named === undefined || named === '' ? PLACES.find(isProgram) : named
}

/** Why browser tests are left out, in words; undefined when they can run. */
export function missingChromium(): string | undefined {
  if (findChromium() !== undefined) return undefined
  return 'no Chromium here: install it (Debian: apt-get install chromium) or set CHROMIUM_PATH'
}

/** Starts Chromium without a window. */
export async function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: findChromium() ?? PLACES[0]!, args: FLAGS })
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
