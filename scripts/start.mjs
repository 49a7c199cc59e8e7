// npm start: installs and builds if needed, then starts the server. With --demo (npm start, not start:server) and no
// access to a model, a scripted model on loopback takes its place, and says so.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, install, isBun, root, run } from './steps.mjs'

const [first, ...rest] = process.argv.slice(2)
const isDemo = first === '--demo'
const args = isDemo ? rest : process.argv.slice(2)

if (isBun && process.versions.bun === undefined) {
  // Ctrl-C reaches the server by itself, so it is left to that; other signals are passed on.
  process.on('SIGINT', () => {})
  process.exit(
    await run('bun', [join(root, 'scripts/start.mjs'), ...process.argv.slice(2)], {
      passes: ['SIGTERM', 'SIGHUP'],
    }),
  )
}
await install()
await build()

const load = (path) => import(pathToFileURL(join(root, path)).href)
const { loadEnvFile, readConfig, run: runServer } = await load('packages/server/dist/index.js')
process.chdir(root)
if (isDemo && !args.includes('--help')) await addScriptedModel()
if (process.env.npm_lifecycle_event !== undefined) endWithParent()
try {
  await runServer(args, process.env)
} catch (error) {
  if (error.code === undefined) throw error
  console.error(`claude-agent-server: ${error.message}${error.hint === undefined ? '' : ` ${error.hint}`}`)
  process.exit(1)
}

/** Ends with npm: a signal to npm alone does not reach what it has started. */
function endWithParent() {
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM')
  }, 2_000).unref()
}

/** Starts the scripted model when the environment gives access to no other. */
async function addScriptedModel() {
  const env = { ...process.env }
  loadEnvFile('.env', env)
  try {
    if (readConfig(args, env).access.kind !== 'none') return
  } catch {
    return // The server says what is wrong.
  }
  const { demoScript, startScriptedClaude } = await load('packages/scripted-claude/dist/index.js')
  const model = await startScriptedClaude({ script: demoScript() })
  process.env.ANTHROPIC_BASE_URL = model.url
  process.env.ANTHROPIC_API_KEY = 'scripted'
  console.log(
    'No ANTHROPIC_API_KEY is set: a SCRIPTED MODEL answers, not Claude. Put a key into .env to talk to Claude.\n',
  )
}
