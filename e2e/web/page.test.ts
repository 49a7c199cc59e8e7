import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchChromium, missingChromium } from '../support/chromium.ts'
import { openPage } from './open-page.ts'
import { buildPage } from './page-bundle.ts'
import { startPageServer } from './page-server.ts'

const missing = missingChromium()
const STORY = 'Tell me a long story'

describe.skipIf(missing !== undefined)(
  `the page${missing === undefined ? '' : ` (left out: ${missing})`}`,
  () => {
    let browser: Browser
    beforeAll(async () => {
      await buildPage()
      browser = await launchChromium()
    })
    afterAll(() => browser?.close())

    test('the example prompt leaves the reversed file in the workspace', async () => {
      const server = await startPageServer()
      const { page, turns } = await openPage(browser, server.url)
      await page.getByRole('button', { name: /Reverse a file/ }).click()
      await turns(1)
      expect(await server.readWorkspaceFile('input.txt')).toBe('Hello, agent!')
      expect(await server.readWorkspaceFile('output.txt')).toBe('!tnega ,olleH')
      await page.getByText('This page wrote input.txt to the workspace').waitFor()
      await page.getByRole('article', { name: 'Read' }).getByText('Hello, agent!').waitFor()
      await page.getByRole('article', { name: 'Write' }).getByText('!tnega ,olleH').waitFor()
      expect(await page.getByRole('article', { name: 'Write' }).getByText('done').isVisible()).toBe(true)
    })

    test('an answer is read while it is written, Escape interrupts it, and the next prompt is answered', async () => {
      const server = await startPageServer()
      const { page, send, results, state, turns } = await openPage(browser, server.url)
      await send(STORY)
      const story = page.getByRole('article', { name: 'Agent' }).first()
      await story.getByText('In week 2').waitFor()
      expect(await results.count()).toBe(0)
      expect(await state.textContent()).toBe('Working…')
      await page.keyboard.press('Escape')
      await turns(1)
      expect(await results.first().textContent()).toContain('Interrupted')
      expect(await story.textContent()).toContain('(cut off here)')
      expect(await story.textContent()).not.toContain('In week 12')
      await send('List the files')
      await turns(2)
      expect(await results.nth(1).textContent()).toContain('Done')
    })

    test('a prompt that is sent during a turn is shown as queued and answered after it', async () => {
      const server = await startPageServer()
      const { page, send, turns } = await openPage(browser, server.url)
      await send(STORY)
      await page.getByText('In week 1').first().waitFor()
      await send('Run `echo from-the-queue`')
      const queued = page.getByRole('article', { name: 'Prompt' }).nth(1)
      await queued.getByText('queued').waitFor()
      await page.getByRole('button', { name: 'Interrupt' }).click()
      await turns(2)
      expect(await queued.getByText('queued').count()).toBe(0)
      await page.getByRole('article', { name: 'Bash' }).getByText('from-the-queue', { exact: true }).waitFor()
    })

    test('each card shows the JSON of its events on demand', async () => {
      const server = await startPageServer()
      const { page, send, turns } = await openPage(browser, server.url)
      await send('Run `echo to-be-inspected`')
      await turns(1)
      await page.getByRole('button', { name: 'JSON: Bash' }).click()
      const panel = page.getByRole('article', { name: 'Bash' }).locator('.json')
      await panel.getByRole('button', { name: /Show all/ }).click()
      const [call, result] = ((await panel.locator('pre').textContent()) ?? '').split('\n\n')
      expect(JSON.parse(call!)).toMatchObject({
        seq: expect.any(Number) as number,
        type: 'sdk_message',
        data: {
          type: 'assistant',
          message: {
            content: [{ type: 'tool_use', name: 'Bash', input: { command: 'echo to-be-inspected' } }],
          },
        },
      })
      expect(JSON.parse(result!)).toMatchObject({
        data: { type: 'user', message: { content: [{ type: 'tool_result' }] } },
      })
    })

    test('housekeeping is hidden until it is asked for', async () => {
      const server = await startPageServer()
      const { page, send, turns } = await openPage(browser, server.url)
      await send('Hello')
      await turns(1)
      const row = page.getByText('command_lifecycle').first()
      expect(await row.count()).toBe(0)
      await page.getByRole('button', { name: 'All messages' }).click()
      await row.waitFor()
      expect(await page.getByText('stream_event').count()).toBeGreaterThan(0)
    })

    test('the page comes back by itself after a restart of the server, and goes on', async () => {
      const server = await startPageServer()
      const { page, send, state, turns } = await openPage(browser, server.url)
      await send('Hello')
      await turns(1)
      await server.stop()
      await page.getByText('Not connected').waitFor()
      await page.getByRole('button', { name: 'Try again' }).waitFor()
      await server.restart()
      await state.filter({ hasText: 'Idle' }).waitFor()
      await send('List the files')
      await turns(2)
      expect(await page.getByRole('article', { name: 'Prompt' }).count()).toBe(2)
    })

    test('a server with a token asks for it, says when it is wrong, and keeps it out of the address', async () => {
      const server = await startPageServer({ token: 'a-token+/%' })
      const { connected, page, send, turns } = await openPage(browser, server.url)
      const field = page.getByLabel('This server asks for its token.')
      await field.fill('a wrong one')
      await field.press('Enter')
      await page.getByText('The server refused this token.').waitFor()
      await field.fill('a-token+/%')
      await field.press('Enter')
      await send('Hello')
      await turns(1)
      expect(page.url()).toMatch(new RegExp(`^${server.url}/#[\\w-]+$`))
      expect(await page.evaluate(() => localStorage.length)).toBe(0)
      await page.reload()
      await connected()
    })

    test('a link with the token connects at once and leaves no token in the address', async () => {
      const token = 'a-token+/%'
      const server = await startPageServer({ token })
      const { connected, page } = await openPage(browser, `${server.url}/#token=${encodeURIComponent(token)}`)
      await connected()
      expect(page.url()).toBe(`${server.url}/`)
    })

    test('the keyboard alone is enough', async () => {
      const server = await startPageServer()
      const { connected, page, turns } = await openPage(browser, server.url)
      await connected()
      const focused = () =>
        page.evaluate(
          () =>
            document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '',
        )
      const tabTo = async (name: RegExp, key = 'Tab') => {
        for (let presses = 0; presses < 30; presses += 1) {
          if (name.test(await focused())) return
          await page.keyboard.press(key)
        }
        expect.fail(`${name} was not reached with ${key}`)
      }
      await page.evaluate(() => (document.activeElement as HTMLElement).blur())
      await tabTo(/^Reverse a file/)
      await page.keyboard.press('Enter')
      await turns(1)
      const write = page.getByRole('article', { name: 'Write' })
      await tabTo(/^Write/, 'Shift+Tab')
      await page.keyboard.press('Enter')
      expect(await write.locator('details').getAttribute('open')).toBeNull()
      await tabTo(/^JSON: Write/)
      await page.keyboard.press('Enter')
      await write.getByText('"tool_use"').waitFor()
      await page.getByLabel('Message to the agent').focus()
      await page.keyboard.type('one')
      await page.keyboard.press('Shift+Enter')
      await page.keyboard.type('two')
      expect(await page.getByLabel('Message to the agent').inputValue()).toBe('one\ntwo')
      await page.keyboard.press('Enter')
      await turns(2)
    })

    test('on a phone nothing is wider than the screen', async () => {
      const server = await startPageServer()
      const { page, send, turns } = await openPage(browser, server.url, {
        viewport: { width: 360, height: 740 },
        hasTouch: true,
        isMobile: true,
      })
      const overflow = () =>
        page.evaluate(() =>
          [document.documentElement, document.querySelector('.scroller')!].map(
            (it) => it.scrollWidth - it.clientWidth,
          ),
        )
      await page.getByRole('button', { name: /Reverse a file/ }).waitFor()
      expect(await overflow()).toEqual([0, 0])
      await send(`Run \`echo ${'very-long-word-'.repeat(20)}\``)
      await turns(1)
      await page.getByRole('button', { name: 'JSON: Bash' }).click()
      expect(await overflow()).toEqual([0, 0])
    })

    test('nothing that the agent says becomes markup', async () => {
      const text = '<img src=x onerror=alert(1)> <b>bold</b>\n```html\n<script>alert(2)</script>\n```'
      const server = await startPageServer({ script: { rules: [], fallback: [{ text }] } })
      const { page, send, turns } = await openPage(browser, server.url)
      await send('Hello')
      await turns(1)
      const answer = page.getByRole('article', { name: 'Agent' })
      expect(await answer.textContent()).toContain('<img src=x onerror=alert(1)> <b>bold</b>')
      expect(await answer.locator('img, b, script').count()).toBe(0)
    })

    test('an error of the model is shown, and so is the failure of a tool', async () => {
      const server = await startPageServer({
        script: {
          rules: [
            {
              match: { lastUserText: 'refuse' },
              steps: [{ error: { status: 400, message: 'not in the mood' } }],
            },
            {
              match: { lastUserText: 'break' },
              answers: [
                [{ toolUse: { name: 'Bash', input: { command: 'echo broken >&2; exit 7' } } }],
                [{ text: 'It broke.' }],
              ],
            },
          ],
        },
      })
      const { page, send, results, turns } = await openPage(browser, server.url)
      await send('refuse')
      await turns(1)
      await page.getByText('not in the mood').first().waitFor()
      expect(await results.first().textContent()).toContain('Failed')
      await send('break')
      await turns(2)
      const bash = page.getByRole('article', { name: 'Bash' })
      await bash.getByText('failed').waitFor()
      await bash.getByText('Exit code 7').waitFor()
    })
  },
)
