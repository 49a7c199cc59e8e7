import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from '@claude-agent/client'
import { expect, onTestFinished, test } from 'vitest'
import { describePage } from './describe-page.ts'
import { openPage } from './open-page.ts'
import { startPageServer } from './page-server.ts'

const STORY = 'Tell me a long story'

describePage(
  'sessions on the page',
  // Several pages and agents at once take their time on a small machine.
  { timeout: 60_000 },
  (browser) => {
    test('the first prompt creates a session and puts it into the address; a reload shows the same', async () => {
      const server = await startPageServer()
      const { page, send, turns } = await openPage(browser(), server.url)
      await send('Run `echo kept-over-a-reload`')
      await turns(1)
      const id = new URL(page.url()).hash.slice(1)
      const info = await connect({ url: server.url }).session(id).info()
      expect(info).toMatchObject({ title: 'Run `echo kept-over-a-reload`', status: 'idle' })
      expect(info.options).toEqual({ includePartialMessages: true })
      const before = await page.locator('.transcript').innerText()
      await page.reload()
      await turns(1)
      expect(await page.locator('.transcript').innerText()).toBe(before)
      await send('List the files')
      await turns(2)
    })

    test('what is used is in the header, its cost as a list price', async () => {
      const server = await startPageServer()
      const { page, send, turns } = await openPage(browser(), server.url)
      await send('Hello')
      await turns(1)
      await page
        .getByLabel('Usage')
        .getByText(/^\$[\d.]+ list price$/)
        .waitFor()
      expect(await page.getByLabel('Usage').innerText()).toMatch(/1 turn\s+[\d.]+K? tokens/)
    })

    test('who attaches in the middle of an answer sees the whole text once', async () => {
      const server = await startPageServer()
      const first = await openPage(browser(), server.url)
      await first.send(STORY)
      const story = (page: typeof first.page) => page.getByRole('article', { name: 'Agent' })
      await story(first.page).getByText('In week 1 ').waitFor()
      const second = await openPage(browser(), first.page.url())
      await story(second.page).getByText('In week 2 ').waitFor()
      const early = (await story(second.page).textContent()) ?? ''
      expect(early).toContain('I am a scripted model')
      expect(early.split('In week 1 ')).toHaveLength(2)
      await first.page.keyboard.press('Escape')
      await Promise.all([first.turns(1), second.turns(1)])
      expect(await story(second.page).innerText()).toBe(await story(first.page).innerText())
      expect(await story(second.page).count()).toBe(1)
    })

    test('a prompt that waits is seen in both tabs, and taken back in one', async () => {
      const server = await startPageServer()
      const first = await openPage(browser(), server.url)
      await first.send(STORY)
      await first.page.getByText('In week 1 ').waitFor()
      const second = await openPage(browser(), first.page.url())
      await second.send('Run `echo never`')
      const queued = first.page.getByRole('article', { name: 'Prompt' }).nth(1)
      await queued.getByText('queued').waitFor()
      await queued.getByRole('button', { name: 'Take back' }).click()
      await queued.waitFor({ state: 'detached' })
      await second.page.getByRole('button', { name: 'Take back' }).waitFor({ state: 'detached' })
      await second.page.getByRole('button', { name: 'Interrupt' }).click()
      await Promise.all([first.turns(1), second.turns(1)])
      await first.connected()
      expect(await first.page.getByRole('article', { name: 'Bash' }).count()).toBe(0)
    })

    test('a prompt that is written while the server is away is sent when it is back, once', async () => {
      const server = await startPageServer()
      const { page, prompt, send, state, turns } = await openPage(browser(), server.url)
      await send('Hello')
      await turns(1)
      await prompt.fill('List the files')
      await server.stop()
      await state.filter({ hasText: 'Not connected' }).waitFor()
      expect(await page.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true)
      await server.restart()
      await state.filter({ hasText: 'Idle' }).waitFor()
      await prompt.press('Enter')
      await turns(2)
      expect(await page.getByRole('article', { name: 'Prompt' }).count()).toBe(2)
    })

    test('the list leads from session to session, to a new one, and back', async () => {
      const server = await startPageServer()
      const { page, send, turns } = await openPage(browser(), server.url)
      const list = page.getByRole('navigation', { name: 'Sessions' })
      await send('Run `echo of-the-first`')
      await turns(1)
      await list.getByRole('link', { name: 'New session' }).click()
      await page.getByRole('heading', { name: 'An agent, its tools and a folder.' }).waitFor()
      await send('Run `echo of-the-second`')
      await turns(1)
      expect(await page.getByText('of-the-first', { exact: true }).count()).toBe(0)
      await list.getByRole('link', { name: /of-the-first/ }).click()
      await page.getByRole('article', { name: 'Bash' }).getByText('of-the-first', { exact: true }).waitFor()
      expect(await list.getByRole('link', { name: /of-the-first/ }).getAttribute('aria-current')).toBe('true')
      await page.goBack()
      await page.getByRole('article', { name: 'Bash' }).getByText('of-the-second', { exact: true }).waitFor()
    })

    test('a session is deleted only when that is confirmed, and its page says so', async () => {
      const server = await startPageServer()
      const { page, send, turns } = await openPage(browser(), server.url)
      await send('Hello')
      await turns(1)
      const address = page.url()
      const list = page.getByRole('navigation', { name: 'Sessions' })
      await list.getByRole('link', { name: 'Hello' }).hover()
      await list.getByRole('button', { name: 'Delete Hello' }).click()
      await list.getByRole('button', { name: 'Keep' }).click()
      await list.getByRole('link', { name: 'Hello' }).hover()
      await list.getByRole('button', { name: 'Delete Hello' }).click()
      await list.getByRole('button', { name: 'Delete', exact: true }).click()
      await page.getByRole('heading', { name: 'An agent, its tools and a folder.' }).waitFor()
      expect(await list.getByRole('link', { name: 'Hello' }).count()).toBe(0)
      const late = await openPage(browser(), address)
      await late.page.getByRole('alert').getByText('deleted').waitFor()
      await late.page.getByRole('link', { name: 'Begin a new session' }).click()
      await late.send('Hello again')
      await late.turns(1)
    })

    test('a page of another origin neither reads the sessions nor hears one', async () => {
      const server = await startPageServer()
      const { page, send, turns } = await openPage(browser(), server.url)
      await send('Hello')
      await turns(1)
      const id = new URL(page.url()).hash.slice(1)
      const stranger = createServer((_, response) =>
        response.setHeader('content-type', 'text/html').end('<p>'),
      )
      onTestFinished(() => void stranger.close())
      await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
      const context = await browser().newContext()
      onTestFinished(() => context.close())
      const other = await context.newPage()
      await other.goto(`http://127.0.0.1:${(stranger.address() as AddressInfo).port}/`)
      const got = await other.evaluate(
        async ([url, session]) => {
          const read = (path: string, init?: RequestInit) =>
            fetch(url + path, init).then(
              (response) => response.status,
              () => 'refused',
            )
          const socket = new WebSocket(`${url!.replace('http', 'ws')}/sessions/${session}/ws`)
          const heard = await new Promise<string>((resolve) => {
            socket.addEventListener('message', () => resolve('heard'))
            socket.addEventListener('close', () => resolve('refused'))
          })
          const body = JSON.stringify({ data: { type: 'user', message: { role: 'user', content: 'evil' } } })
          const sent = await read(`/sessions/${session}/messages`, { method: 'POST', body })
          return [await read('/sessions'), await read(`/sessions/${session}/events`), heard, sent]
        },
        [server.url, id],
      )
      expect(got).toEqual(['refused', 'refused', 'refused', 'refused'])
      expect((await connect({ url: server.url }).session(id).info()).usage.turns).toBe(1)
    })

    test('an address of no session says so', async () => {
      const server = await startPageServer()
      const { page, state } = await openPage(browser(), `${server.url}/#no-such-session`)
      await page.getByRole('alert').getByText("No session 'no-such-session'").waitFor()
      expect(await state.textContent()).toBe('Not connected')
    })
  },
)
