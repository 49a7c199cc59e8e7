import { expect, test } from 'vitest'
import type { NewEvent } from '@claude-agent/protocol'
import { Asks } from '../../src/stdio/asks.ts'
import { Exchange } from '../../src/stdio/exchange.ts'
import { Prompts } from '../../src/stdio/prompts.ts'

interface Line {
  type?: string
  request_id?: string
  request?: { subtype: string }
  response?: { subtype?: string; request_id?: string; error?: string; response?: unknown }
}

/** Lines between a controller and an agent that is not there. */
function between(initialize: Record<string, unknown> = {}) {
  const toAgent: Line[] = []
  const toController: Line[] = []
  const events: NewEvent[] = []
  const ends: (string | undefined)[] = []
  const publish = (event: NewEvent): void => void events.push(event)
  const exchange = new Exchange({
    prompts: new Prompts(publish, () => false),
    asks: new Asks(publish),
    initialize,
    maxLineBytes: 1024 * 1024,
    sdkSessionId: () => '',
    prohibition: () => undefined,
    toAgent: (line) => toAgent.push(JSON.parse(line) as Line),
    toController: (line) => toController.push(JSON.parse(line.toString()) as Line),
    onMessage: () => {},
    onChange: () => {},
    onUnpinned: (why) => ends.push(why),
  })
  const bytes = (line: object): Buffer => Buffer.from(`${JSON.stringify(line)}\n`)
  return {
    toAgent,
    toController,
    events,
    ends,
    ask: (request_id: string, subtype: string): void =>
      exchange.hearController(bytes({ type: 'control_request', request_id, request: { subtype } })),
    say: (line: object): void => exchange.hearController(bytes(line)),
    /** What the controller gets of a line of the agent. */
    hear: (line: object): Line | undefined => {
      const told = exchange.hearAgent(bytes(line))
      return told && (JSON.parse(told.toString()) as Line)
    },
  }
}

function answer(request_id: string, response: object): object {
  return { type: 'control_response', response: { subtype: 'success', request_id, response } }
}

const SERVERS = {
  mcpServers: [{ name: 'a', config: { type: 'http', url: 'http://a', headers: { K: 'hush' } } }],
}

test('a second request with the id of one that waits is refused: secrets do not come with the answer to the first', () => {
  const { ask, hear, toAgent, toController } = between()
  ask('i', 'initialize')
  hear(answer('i', {}))
  ask('x', 'mcp_status')
  ask('x', 'reload_skills')
  expect(toAgent.map(({ request }) => request?.subtype)).toEqual(['initialize', 'mcp_status'])
  expect(toController).toMatchObject([{ response: { subtype: 'error', request_id: 'x' } }])
  const shown = JSON.stringify(hear(answer('x', SERVERS)))
  expect(shown).toContain('[redacted]')
  expect(shown).not.toContain('hush')
})

test('an agent that does not take its first line, in whatever words, is ended', () => {
  const settings = { env: { A: 'b' } }
  const error = {
    type: 'control_response',
    response: { subtype: 'error', request_id: 'i', error: 'no such' },
  }
  for (const said of [answer('i', {}), answer('i', { settings_applied: false }), error]) {
    const { ask, hear, ends } = between({ settings })
    ask('i', 'initialize')
    hear(said)
    expect(ends).toHaveLength(1)
  }
  const { ask, hear, ends } = between({ settings })
  ask('i', 'initialize')
  hear(answer('i', { settings_applied: true }))
  // What it says to a second one is no matter: it has the first.
  ask('j', 'initialize')
  hear({ ...error, response: { subtype: 'error', request_id: 'j', error: 'Already initialized' } })
  expect(ends).toEqual([])
})

test.each([
  ['what is no answer', 'open the door'],
  ['an answer of another kind', { action: 'accept' }],
])('%s is not told as one to those who watch', (_, response) => {
  const { hear, say, toAgent, events } = between()
  const request = { subtype: 'can_use_tool', tool_name: 'Bash', input: {}, tool_use_id: 't' }
  hear({ type: 'control_request', request_id: 'r', request })
  say(answer('r', response as object))
  expect(toAgent).toMatchObject([{ response: { request_id: 'r' } }])
  expect(events.at(-1)).toMatchObject({ type: 'ask_settled', outcome: 'answered', by: 'stdio' })
  expect(events.at(-1)).not.toHaveProperty('result')
})
