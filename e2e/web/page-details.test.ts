import { expect, test } from 'vitest'
import { describePage } from './describe-page.ts'
import { openPage } from './open-page.ts'
import { startPageServer } from './page-server.ts'

describePage('details of the page', {}, (browser) => {
  test('each card shows the JSON of its events on demand', async () => {
    const server = await startPageServer()
    const { page, send, turns } = await openPage(browser(), server.url)
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
    const { page, send, turns } = await openPage(browser(), server.url)
    await send('Hello')
    await turns(1)
    const row = page.getByText('command_lifecycle').first()
    expect(await row.count()).toBe(0)
    await page.getByRole('button', { name: 'All messages' }).click()
    await row.waitFor()
    expect(await page.getByText('stream_event').count()).toBeGreaterThan(0)
  })

  test('a link with the token connects at once and leaves no token in the address', async () => {
    const token = 'a-token+/%'
    const server = await startPageServer({ token })
    const { connected, page } = await openPage(browser(), `${server.url}/#token=${encodeURIComponent(token)}`)
    await connected()
    expect(page.url()).toBe(`${server.url}/`)
  })

  test('the keyboard alone is enough', async () => {
    const server = await startPageServer()
    const { connected, page, turns } = await openPage(browser(), server.url)
    await connected()
    const focused = () =>
      page.evaluate(
        () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '',
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
    const { page, send, turns, overflow } = await openPage(browser(), server.url, {
      viewport: { width: 360, height: 740 },
      hasTouch: true,
      isMobile: true,
    })
    await page.getByRole('button', { name: /Reverse a file/ }).waitFor()
    expect(await overflow()).toEqual([0, 0])
    await send(`Run \`echo ${'very-long-word-'.repeat(20)}\``)
    await turns(1)
    await page.getByRole('button', { name: 'JSON: Bash' }).click()
    expect(await overflow()).toEqual([0, 0])
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
    const { page, send, results, turns } = await openPage(browser(), server.url)
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
})
