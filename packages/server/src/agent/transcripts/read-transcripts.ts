import { getSessionMessages, listSessions } from '@anthropic-ai/claude-agent-sdk'

/** Characters after which a page ends. */
const PAGE = 4 * 1024 * 1024

// The program that asks the SDK for conversations, with the rights and in the home of whoever agents run as. It is told
// what is asked by its arguments, prints the answer as JSON and ends.

const [what, dir, offsetText, limitText, sdkSessionId = ''] = process.argv.slice(2)
const offset = Number(offsetText)
// One more tells whether there is another page.
const limit = Number(limitText) + 1

const found: unknown[] =
  what === 'list'
    ? await listSessions({ dir: dir!, offset, limit, includeWorktrees: false })
    : await getSessionMessages(sdkSessionId, { dir: dir!, offset, limit, includeSystemMessages: true })

const entries: unknown[] = []
let size = 0
for (const entry of found.slice(0, limit - 1)) {
  if (size > PAGE) break
  entries.push(entry)
  size += JSON.stringify(entry).length
}
const next = entries.length < found.length ? offset + entries.length : undefined
process.stdout.write(JSON.stringify({ entries, next }))
