import { type Ask, type ClientEvent, connect, type CreateSessionRequest } from '@claude-agent/client'
import type { Browser } from 'playwright-core'
import type { Script, Step } from 'scripted-claude'
import type { TestServer } from '../support/server.ts'
import type { World } from '../support/test.ts'
import { until } from '../support/until.ts'
import { type OpenPage, openPage } from './open-page.ts'

const questions = [
  {
    question: 'Which colour?',
    header: 'Colour',
    multiSelect: false,
    options: [
      { label: 'Red', description: 'Everybody will see it' },
      { label: 'Blue', description: 'Like the sky' },
    ],
  },
  {
    question: 'Which extras?',
    header: 'Extras',
    multiSelect: true,
    options: [
      { label: 'Lamp', description: 'Shines' },
      { label: 'Lock', description: 'Holds' },
    ],
  },
]

/** Writes the file that it is told, asks, or orders; then says what came of it. */
function model(): Script {
  return {
    rules: [],
    fallback: (request): Step[] => {
      const [, word = '', rest = ''] = /^(\w+) ?(.*)$/.exec(request.lastUserText) ?? []
      if (request.toolResults.length > 0) return [{ text: `got: ${request.toolResults.at(-1)?.text}` }]
      if (word === 'write') return [{ toolUse: { name: 'Write', input: { file_path: rest, content: 'x' } } }]
      if (word === 'ask') return [{ toolUse: { name: 'AskUserQuestion', input: { questions } } }]
      if (word === 'order') return [{ toolUse: { name: 'mcp__shop__order', input: {} } }]
      return [{ text: `echo: ${request.lastUserText}` }]
    },
  }
}

/** A server that asks; `restart` is after kill -9, at the same address. */
export async function startAskingServer(
  world: World,
): Promise<TestServer & { restart: () => Promise<TestServer> }> {
  const claude = await world.claude({ script: model() })
  const server = await world.server({ upstream: claude.url })
  const again = { upstream: claude.url, folder: server.folder, args: ['--port', String(server.port)] }
  return {
    ...server,
    async restart() {
      server.kill('SIGKILL')
      await server.program.ended
      return world.server(again)
    },
  }
}

/** A session with a client of Node's, called ben, and two tabs. */
export async function gather(
  world: World,
  browser: Browser,
  server: TestServer,
  request: CreateSessionRequest = {},
) {
  const options = { includePartialMessages: true, ...request.options }
  const ben = await connect({ url: server.url, client: 'ben' }).createSession({ ...request, options })
  const heard: ClientEvent[] = []
  const stream = ben.events()
  world.defer(() => ben.close())
  void (async () => {
    for await (const event of stream) heard.push(event)
  })()
  const address = `${server.url}/#${ben.id}`
  const first = await openPage(browser, address)
  const second = await openPage(browser, address)
  const ask = (): Promise<Ask> =>
    until('ben is asked', () => heard.findLast((event): event is Ask => event.type === 'ask'))
  const settled = () =>
    until('ben hears how it was settled', () => heard.find(({ type }) => type === 'ask_settled'))
  return { ben, heard, first, second, ask, settled }
}

/** The name by which a tab answers. */
export function nameOf({ page }: OpenPage): Promise<string | null> {
  return page.evaluate(() => sessionStorage.getItem('claude-agent-client'))
}
