import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe } from 'vitest'
import { launchChromium, missingChromium } from '../support/chromium.ts'
import { buildPage } from './page-bundle.ts'

/**
 * Tests of the page in a Chromium of their own; where there is none they are left out, and their name says why.
 * @param options `timeout`: milliseconds of one test
 */
export function describePage(
  name: string,
  options: { timeout?: number },
  tests: (browser: () => Browser) => void,
): void {
  const missing = missingChromium()
  const title = missing === undefined ? name : `${name} (left out: ${missing})`
  describe.skipIf(missing !== undefined)(title, options, () => {
    let browser: Browser | undefined
    beforeAll(async () => {
      await buildPage()
      browser = await launchChromium()
    })
    afterAll(() => browser?.close())
    tests(() => browser!)
  })
}
