// A client that serves one tool and keeps its identity: node owner.mjs <url> <session> <ms>. It prints what it does.
import { createSdkMcpServer, tool } from '@anthropic-ai/claude-agent-sdk'
import { connect } from '@claude-agent/client'
import { z } from 'zod'

const [url, session, ms] = process.argv.slice(2)
const wait = tool('wait', 'takes its time', { text: z.string() }, async ({ text }) => {
  console.log('called')
  await new Promise((resolve) => setTimeout(resolve, Number(ms)))
  console.log('done')
  return { content: [{ type: 'text', text: `${text}, by ${process.pid}` }] }
})
await connect({ url })
  .session(session)
  .serve({
    client: { id: 'the owner', secret: 'kept through its crashes' },
    mcpServers: { my: createSdkMcpServer({ name: 'my', tools: [wait] }) },
  })
console.log('serves')
