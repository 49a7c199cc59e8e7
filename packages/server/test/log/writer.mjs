// Writes to a log until it is killed, or until a write fails. Arguments: the directory, how many bytes an event has.
// Tells on stdout what was written and what is durable, then, when a write failed, with which code and what the log has.
import { writeSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createViteServer } from 'vitest/node'

const [directory, size] = process.argv.slice(2)
const conditions = ['@claude-agent/source', 'node', 'import', 'default']
const vite = await createViteServer({
  configFile: false,
  root: import.meta.dirname,
  logLevel: 'error',
  appType: 'custom',
  resolve: { conditions },
  ssr: { resolve: { conditions }, noExternal: ['@claude-agent/protocol'] },
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
})
const source = new URL('../../src/log/jsonl-log.ts', import.meta.url)
const { JsonlLog } = await vite.ssrLoadModule(fileURLToPath(source))
const tell = (text) => writeSync(1, `${text}\n`)

const log = await JsonlLog.open(directory, { maxBytes: 64 * 1024 * 1024 })
tell(`opened ${log.id}`)
const drafts = (count, length) => {
  const event = { type: 'info', data: 'x'.repeat(length) }
  return Array.from({ length: count }, () => ({ event, json: JSON.stringify(event) }))
}
try {
  for (let batch = 0; ; batch += 1) {
    await log.append(drafts(1 + (batch % 17), Number(size)))
    tell(`written ${log.lastSeq}`)
    if (batch % 5 > 0) continue
    await log.sync()
    tell(`durable ${log.lastSeq}`)
  }
} catch (error) {
  await log.append(drafts(1, 1))
  await log.close()
  tell(`failed ${error.code} ${log.lastSeq}`)
}
await vite.close()
