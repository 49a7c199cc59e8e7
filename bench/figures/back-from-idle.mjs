import { query } from '@anthropic-ai/claude-agent-sdk'
import { connect } from '@claude-agent/client'
import { createConversation, openConversation } from '../conversation.mjs'
import { measurePairs } from '../pairs.mjs'
import { untilParked } from '../processes.mjs'
import { untilQuiet } from '../quiet.mjs'
import { createOptions } from '../sdk.mjs'
import { compare } from '../statistics.mjs'

/** Long enough for a pair, short enough to wait for. */
const IDLE_MS = 30_000

/** A session that had given its process back: a client attaches and looks, then says something. */
export const backFromIdle = {
  name: 'back-from-idle',
  what: 'back from idle: message → first assistant message',
  unit: 'ms',
  bound: '≤ 0.5',
  /** Each measurement has a conversation of its own that had one turn, on both sides. */
  async measure(lab, { pairs: count }) {
    const server = await lab.startServer({ settings: { CLAUDE_AGENT_IDLE_TIMEOUT_MS: String(IDLE_MS) } })
    const ids = { ours: [], bare: [] }
    for (let index = 0; index <= count; index += 1) {
      ids.ours.push(await converse(server.url))
      ids.bare.push(await converseBare(await createOptions(lab)))
    }
    await untilIdle(server.url, ids.ours)
    const sides = {
      ours: () => comeBack(server, ids.ours.pop()),
      bare: async () => await resume({ ...(await createOptions(lab)), resume: ids.bare.pop() }),
    }
    await measurePairs(1, sides)
    const pairs = await measurePairs(count, sides)
    await server.stop()
    return { pairs, isReached: compare(pairs).ratio <= 0.5 }
  },
}

/** A new session that has had a turn. */
async function converse(url) {
  const conversation = await createConversation(url)
  await conversation.take('hello')
  await conversation.stop()
  return conversation.session.id
}

async function converseBare(options) {
  let id = ''
  for await (const message of query({ prompt: 'hello', options })) id = message.session_id
  return id
}

/** Resolves once no session has a process. */
async function untilIdle(url, ids) {
  for (const id of ids) {
    for await (const event of connect({ url }).session(id).events()) if (event.type === 'agent_exited') break
  }
}

async function comeBack(server, id) {
  const conversation = await openConversation(connect({ url: server.url }).session(id))
  await new Promise((resolve) => conversation.onEvent((event) => event.type === 'agent_started' && resolve()))
  await untilParked(server.id)
  await untilQuiet()
  let took = 0
  const from = performance.now()
  await conversation.take('hello', (event) => {
    if (took === 0 && isAnswer(event)) took = performance.now() - from
    if (event.type === 'agent_started') throw new Error('The agent was not ready.')
  })
  await conversation.stop()
  await conversation.session.delete()
  return took
}

async function resume(options) {
  let took = 0
  const from = performance.now()
  for await (const message of query({ prompt: 'hello', options }))
    if (took === 0 && message.type === 'assistant') took = performance.now() - from
  return took
}

function isAnswer(event) {
  return event.type === 'sdk_message' && event.data.type === 'assistant'
}
