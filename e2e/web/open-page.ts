import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'

/** What the browser says when the server is gone or refuses; every other complaint is a fault of the page. */
const EXPECTED =
  /ERR_CONNECTION_(REFUSED|RESET)|ERR_EMPTY_RESPONSE|status of (401|404|410)|WebSocket connection to/

/** The page as a user handles it. */
export interface OpenPage {
  readonly page: Page
  readonly prompt: Locator
  readonly state: Locator
  readonly results: Locator
  /** The asks that are open. */
  readonly asks: Locator
  /** Waits until the page is connected, and its session has nothing to do. */
  readonly connected: () => Promise<void>
  /** Writes a prompt and sends it. */
  readonly send: (text: string) => Promise<void>
  /** Waits until so many turns are over. */
  readonly turns: (count: number) => Promise<void>
  /** By how many pixels the page, and what scrolls in it, is wider than the screen. */
  readonly overflow: () => Promise<number[]>
}

/** Opens the page in a context of its own, for one test, which fails if the page throws or breaks its own policy. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 860 }, ...options })
  const complaints: string[] = []
  const page = await context.newPage()
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' && !EXPECTED.test(message.text())) complaints.push(message.text())
  })
  onTestFinished(async () => {
    await context.close()
    expect(complaints).toEqual([])
  })
  await page.goto(url)
  const prompt = page.getByLabel('Message to the agent')
  const state = page.getByRole('status')
  const results = page.getByRole('article', { name: 'Turn' })
  const asks = page.locator('.ask')
  return {
    page,
    prompt,
    results,
    asks,
    state,
    connected: () => state.filter({ hasText: /^(Connected|Idle)$/ }).waitFor(),
    send: async (text) => {
      await state.filter({ hasText: /^(Connected|Idle|Working…)$/ }).waitFor()
      await prompt.fill(text)
      await prompt.press('Enter')
    },
    turns: (count) => results.nth(count - 1).waitFor(),
    overflow: () =>
      page.evaluate(() =>
        [document.documentElement, document.querySelector('.scroller')!].map(
          (it) => it.scrollWidth - it.clientWidth,
        ),
      ),
  }
}
