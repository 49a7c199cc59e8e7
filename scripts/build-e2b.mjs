// npm run build:e2b: builds the E2B template of claude-agent-server from the working tree as it is. --help says more.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, install, root } from './steps.mjs'

await install()
await build()
const load = (path) => import(pathToFileURL(join(root, path)).href)
const { run } = await load('packages/e2b-build/dist/index.js')
const { loadEnvFile } = await load('packages/server/dist/index.js')
const env = { ...process.env }
loadEnvFile(join(root, '.env'), env)
const end = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => end.abort())
const print = (line) => console.log(line)
process.exitCode = await run({ root, args: process.argv.slice(2), env, print, signal: end.signal })
