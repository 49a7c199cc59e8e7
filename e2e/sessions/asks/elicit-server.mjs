// A stdio MCP server with one tool, `order`, that asks the user how many, and gives what came of it.
import { createInterface } from 'node:readline'

const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
const schema = {
  type: 'object',
  properties: { count: { type: 'integer', title: 'How many' } },
  required: ['count'],
}
let calling

const answers = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'shop', version: '1.0.0' },
  }),
  'tools/list': () => ({
    tools: [{ name: 'order', description: 'Orders something', inputSchema: { type: 'object' } }],
  }),
  ping: () => ({}),
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params, result, error } = JSON.parse(line)
  if (method === 'tools/call') {
    calling = id
    const ask = { mode: 'form', message: 'How many do you want?', requestedSchema: schema }
    say({ id: 'elicit-1', method: 'elicitation/create', params: ask })
  } else if (method !== undefined && id !== undefined) {
    const answer = answers[method]
    if (answer === undefined) say({ id, error: { code: -32601, message: `No method ${method}` } })
    else say({ id, result: answer(params) })
  } else if (id === 'elicit-1') {
    const text = `elicited ${JSON.stringify(result ?? error)}`
    say({ id: calling, result: { content: [{ type: 'text', text }] } })
  }
})
