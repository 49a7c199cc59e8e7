// A small server: starts a supervision and one agent in it, tells of both, and waits to be killed.
// Arguments: the id, the folder in place of `/proc/self` or '', the program of the agent and its arguments.
import { fileURLToPath } from 'node:url'
import { createViteServer } from 'vitest/node'

const [id, proc, command, ...args] = process.argv.slice(2)
const vite = await createViteServer({
  configFile: false,
  root: import.meta.dirname,
  logLevel: 'error',
  appType: 'custom',
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
})
const source = new URL('../../../src/agent/supervision/supervision.ts', import.meta.url)
const { Supervision } = await vite.ssrLoadModule(fileURLToPath(source))
const supervision = await Supervision.start(id, proc === '' ? {} : { proc })
const agent = supervision.open().spawn({ command, args }, { cwd: '/', env: { PATH: process.env.PATH } })
agent.stdout.resume()
console.log(JSON.stringify({ kind: supervision.kind, agent: agent.pid }))
setInterval(() => {}, 1 << 30)
