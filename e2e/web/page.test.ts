import { expect, test } from 'vitest'
import { describePage } from './describe-page.ts'
import { openPage } from './open-page.ts'
import { startPageServer } from './page-server.ts'

const STORY = 'Tell me a long story'

describePage('the page', {}, (browser) => {
  test('the example prompt leaves the reversed file in the workspace', async () => {
    const server = await startPageServer()
    const { page, turns } = await openPage(browser(), server.url)
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
    const { page, send, results, state, turns } = await openPage(browser(), server.url)
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
    const { page, send, turns } = await openPage(browser(), server.url)
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

  test('the page comes back by itself after a restart of the server, and goes on', async () => {
    const server = await startPageServer()
    const { page, send, state, turns } = await openPage(browser(), server.url)
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
    const { connected, page, send, turns } = await openPage(browser(), server.url)
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

  test('nothing that the agent says becomes markup', async () => {
    const text = '<img src=x onerror=alert(1)> <b>bold</b>\n```html\n<script>alert(2)</script>\n```'
    const server = await startPageServer({ script: { rules: [], fallback: [{ text }] } })
    const { page, send, turns } = await openPage(browser(), server.url)
    await send('Hello')
    await turns(1)
    const answer = page.getByRole('article', { name: 'Agent' })
    expect(await answer.textContent()).toContain('<img src=x onerror=alert(1)> <b>bold</b>')
    expect(await answer.locator('img, b, script').count()).toBe(0)
  })
})
