import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '../support/test.ts'
import { gather, nameOf, startAskingServer } from './gathering.ts'
import { describePage } from './describe-page.ts'
import { openPage } from './open-page.ts'

const shop = fileURLToPath(new URL('../sessions/asks/elicit-server.mjs', import.meta.url))
const ASKING = { permissionMode: 'default' as const }

describePage(
  'asks on the page',
  // Several pages and agents at once take their time on a small machine.
  { timeout: 90_000 },
  (browser) => {
    test('a permission is asked for in both tabs and of a Node client; one tab allows, the others see who', async ({
      world,
    }) => {
      const server = await startAskingServer(world)
      const { ben, first, second, ask, settled } = await gather(world, browser(), server, { options: ASKING })
      await first.send('write allowed.txt')
      await Promise.all([first.asks.waitFor(), second.asks.waitFor(), ask()])
      expect(await first.state.textContent()).toBe('Needs an answer')
      expect(await second.asks.textContent()).toContain('allowed.txt')
      await second.asks.getByRole('button', { name: 'Allow', exact: true }).click()
      const name = (await nameOf(second)) ?? ''
      expect(name).toMatch(/^page-[a-z]{4}$/)
      await second.page.getByText('Allowed by you').waitFor()
      await first.page.getByText(`Allowed by ${name}`).waitFor()
      expect(await settled()).toMatchObject({ outcome: 'answered', by: name })
      await Promise.all([first.turns(1), second.turns(1)])
      expect(await readFile(join(server.workspace, 'allowed.txt'), 'utf8')).toBe('x')
      await first.send('write other.txt')
      await Promise.all([first.asks.waitFor(), second.asks.waitFor()])
      await ben.decline(await ask(), 'Not on a Monday.')
      for (const { page } of [first, second])
        await page.getByText('Denied by ben: Not on a Monday.').waitFor()
    })

    test('kill -9 of the server between the asking and the answer: the permission is lost, in all three', async ({
      world,
    }) => {
      const server = await startAskingServer(world)
      const { first, second, ask, settled } = await gather(world, browser(), server, { options: ASKING })
      await first.send('write lost.txt')
      await Promise.all([first.asks.waitFor(), second.asks.waitFor(), ask()])
      await server.restart()
      for (const { page, asks } of [first, second]) {
        await page.getByText('Lost: the agent’s process died').waitFor()
        expect(await asks.count()).toBe(0)
        await page.getByRole('article', { name: 'Prompt' }).getByText('interrupted').waitFor()
      }
      expect(await settled()).toMatchObject({ outcome: 'lost' })
      await second.send('and now?')
      await Promise.all([first.turns(1), second.turns(1)])
    })

    test('kill -9 of the server while a question is open: it stays open, one tab answers, the turn goes on', async ({
      world,
    }) => {
      const server = await startAskingServer(world)
      const { first, second, ask, settled } = await gather(world, browser(), server)
      await first.send('ask me')
      await Promise.all([first.asks.waitFor(), second.asks.waitFor(), ask()])
      await server.restart()
      await first.state.filter({ hasText: 'Needs an answer' }).waitFor()
      await first.asks.getByRole('radio', { name: /^Blue/ }).check()
      await first.asks.getByRole('checkbox', { name: /^Lamp/ }).check()
      await first.asks.getByLabel('Other answer to: Which extras?').fill('Bell')
      await first.asks.getByRole('button', { name: 'Answer', exact: true }).click()
      await first.page.getByText('Answered by you').waitFor()
      await second.page.getByText(`Answered by ${await nameOf(first)}`).waitFor()
      expect(await settled()).toMatchObject({
        result: { updatedInput: { answers: { 'Which colour?': 'Blue', 'Which extras?': 'Lamp, Bell' } } },
      })
      await Promise.all([first.turns(1), second.turns(1)])
      const answer = second.page.getByRole('article', { name: 'Agent' })
      await answer.getByText('"Which colour?"="Blue", "Which extras?"="Lamp, Bell"').waitFor()
      expect(await second.page.getByRole('article', { name: 'Prompt' }).count()).toBe(1)
    })

    test('“always” is for what the SDK suggests: the next file is written without asking', async ({
      world,
    }) => {
      const server = await startAskingServer(world)
      const { page, asks, send, turns } = await openPage(browser(), server.url)
      await page.getByLabel('Tools run').selectOption('when I allow them')
      await send('write one.txt')
      await page.getByText('Always: accept all edits of files in this session').waitFor()
      await asks.getByRole('button', { name: 'Always allow' }).click()
      await page.getByText('Always allowed by you').waitFor()
      await turns(1)
      expect(await page.getByLabel('Tools run').count()).toBe(0)
      await send('write two.txt')
      await turns(2)
      expect(await page.getByRole('article', { name: 'Permission' }).count()).toBe(1)
    })

    test('the keyboard alone answers: the status leads to the ask, Enter in the reason denies with it', async ({
      world,
    }) => {
      const server = await startAskingServer(world)
      const { page, state, send, turns } = await openPage(browser(), server.url)
      await page.getByLabel('Tools run').selectOption('when I allow them')
      await send('write never.txt')
      await state.getByRole('button', { name: 'Needs an answer' }).focus()
      await page.keyboard.press('Enter')
      const focused = () => page.evaluate(() => document.activeElement?.textContent)
      await expect.poll(focused).toBe('Allow')
      // Past “Always allow” to the reason.
      await page.keyboard.press('Tab')
      await page.keyboard.press('Tab')
      await page.keyboard.type('Too early')
      await page.keyboard.press('Enter')
      await page.getByText('Denied by you: Too early').waitFor()
      await turns(1)
      await page.getByRole('article', { name: 'Agent' }).getByText('Too early').waitFor()
      await send('ask me')
      await state.getByRole('button', { name: 'Needs an answer' }).focus()
      await page.keyboard.press('Enter')
      await page.keyboard.press('Space')
      await page.keyboard.press('Enter')
      await page.getByText('Each question needs an answer.').waitFor()
      await page.getByLabel('Other answer to: Which extras?').focus()
      await page.keyboard.type('None')
      await page.keyboard.press('Enter')
      await turns(2)
      const answer = page.getByRole('article', { name: 'Agent' }).nth(1)
      await answer.getByText('"Which colour?"="Red", "Which extras?"="None"').waitFor()
    })

    test('Escape in an answer leaves the field, and outside of it stops the turn: the ask is taken back', async ({
      world,
    }) => {
      const server = await startAskingServer(world)
      const { page, asks, send, turns } = await openPage(browser(), server.url)
      await send('ask me')
      await asks.getByLabel('Other answer to: Which colour?').fill('x')
      await page.keyboard.press('Escape')
      expect(await asks.count()).toBe(1)
      await page.keyboard.press('Escape')
      await page.getByText('Taken back: the turn was stopped').waitFor()
      await turns(1)
    })

    test('what an MCP server asks is a form; what was filled in reaches it', async ({ world }) => {
      const server = await startAskingServer(world)
      const mcpServers = { shop: { type: 'stdio' as const, command: process.execPath, args: [shop] } }
      const { first, second } = await gather(world, browser(), server, { options: { mcpServers } })
      await first.send('order')
      await second.asks.getByText('How many do you want?').waitFor()
      await second.asks.getByLabel('How many').fill('3')
      await second.page.keyboard.press('Enter')
      await first.page.getByText(`Accepted by ${await nameOf(second)}`).waitFor()
      await first.turns(1)
      await first.page.getByText('"content":{"count":3}').first().waitFor()
    })

    test('on a phone no card of an ask is wider than the screen', async ({ world }) => {
      const server = await startAskingServer(world)
      const { page, asks, send, overflow } = await openPage(browser(), server.url, {
        viewport: { width: 360, height: 740 },
        hasTouch: true,
        isMobile: true,
      })
      await page.getByLabel('Tools run').selectOption('when I allow them')
      await send(`write ${'very-long-name-'.repeat(10)}.txt`)
      await asks.getByRole('button', { name: 'Deny' }).click()
      expect(await overflow()).toEqual([0, 0])
      await send('ask me')
      await asks.getByText('Which extras?').waitFor()
      expect(await overflow()).toEqual([0, 0])
      await page.getByRole('button', { name: 'Sessions' }).click()
      await page.getByRole('link', { name: 'New session' }).waitFor()
      expect(await overflow()).toEqual([0, 0])
      await page.keyboard.press('Escape')
      await page.getByRole('link', { name: 'New session' }).waitFor({ state: 'hidden' })
      expect(await asks.count()).toBe(1)
    })
  },
)
