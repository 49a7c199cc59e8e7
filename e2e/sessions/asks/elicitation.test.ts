import { fileURLToPath } from 'node:url'
import { Peer } from '../support/peer.ts'
import { expect, test } from '../support/shared.ts'

const shop = fileURLToPath(new URL('elicit-server.mjs', import.meta.url))
const options = { mcpServers: { shop: { type: 'stdio' as const, command: process.execPath, args: [shop] } } }

test('what an MCP server asks the user goes to the clients: accepted, declined and interrupted', async ({
  world,
  stage,
}) => {
  const peer = await Peer.create(world, stage.server, { options })
  const accepted = await peer.send('mcp: mcp__shop__order')
  const first = await peer.openAsk()
  expect(first).toMatchObject({
    kind: 'elicitation',
    data: { serverName: 'shop', message: 'How many do you want?', mode: 'form' },
  })
  expect(await peer.answer(first.ask, { behavior: 'allow' })).toMatchObject({ code: 'invalid_answer' })
  await peer.answer(first.ask, { action: 'accept', content: { count: 3 } })
  expect(await peer.ended(accepted)).toBe('completed')
  expect(peer.results.at(-1)).toContain('elicited {"action":"accept","content":{"count":3}}')

  const declined = await peer.send('mcp: mcp__shop__order')
  const second = await peer.openAsk()
  expect(second.ask).not.toBe(first.ask)
  await peer.call({ type: 'answer', ask: second.ask, error: 'None.' })
  expect(await peer.ended(declined)).toBe('completed')
  expect(peer.results.at(-1)).toContain('elicited {"action":"decline"')

  const stopped = await peer.send('mcp: mcp__shop__order')
  const third = await peer.openAsk()
  peer.interrupt()
  expect(await peer.ended(stopped)).toBe('interrupted')
  expect(await peer.event('ask_settled', ({ ask }) => ask === third.ask)).toMatchObject({
    outcome: 'cancelled',
  })
})
