// A program for the official browser SDK, run in Node: prints what it hears, one JSON value a line.
// Arguments: URL of the socket, token, and the prompts.
import { createSdkMcpServer, query, tool } from '@anthropic-ai/claude-agent-sdk/browser'
import { WebSocket } from 'ws'

globalThis.WebSocket = WebSocket
const [url, token, ...prompts] = process.argv.slice(2)
const say = (value) => console.log(JSON.stringify(value))

let next = () => {}
async function* stream() {
  for (const content of prompts) {
    yield { type: 'user', message: { role: 'user', content }, parent_tool_use_id: null }
    await new Promise((go) => (next = go))
  }
}

const ping = tool('ping', 'Answers', {}, async () => ({
  content: [{ type: 'text', text: 'pong of a page' }],
}))
const conversation = query({
  prompt: stream(),
  websocket: { url, authMessage: { type: 'auth', credential: { type: 'oauth', token } } },
  mcpServers: { page: createSdkMcpServer({ name: 'page', tools: [ping] }) },
  canUseTool: async (name, input) => {
    say({ asked: name })
    return { behavior: 'allow', updatedInput: input }
  },
  hooks: {
    PreToolUse: [
      {
        hooks: [
          async ({ hook_event_name }) => {
            say({ hook: hook_event_name })
            return {}
          },
        ],
      },
    ],
  },
})
let results = 0
try {
  for await (const message of conversation) {
    say({ message })
    if (message.type !== 'result') continue
    results += 1
    next()
    if (results === prompts.length) conversation.close()
  }
  say({ ended: true })
} catch (error) {
  say({ error: error.message })
}
process.exit(0)
