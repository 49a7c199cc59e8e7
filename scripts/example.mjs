// npm run test:local: the example client against http://localhost:3000.
// npm run test:client: the example client in a sandbox: on E2B, or, with -- --sandbox docker|local, on this machine.
// Keys are taken from the environment and from .env. On this machine it goes without one: with no access to a model, a
// scripted model takes its place, and says so.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, install, root, run, runtime } from './steps.mjs'

const args = readArguments(process.argv.slice(2))
const engine = readEngine(args)

await install()
await build()
const load = (path) => import(pathToFileURL(join(root, path)).href)
const env = { ...process.env }
const { loadEnvFile } = await load('packages/server/dist/index.js')
loadEnvFile(join(root, '.env'), env)
const model = needsModel() ? await startModel() : undefined
const program = ['packages/client/dist/example/example-client.js', ...args]
const code = await run(runtime, program, { env })
await model?.close()
process.exit(code)

/** The flags, where `--sandbox` alone stands for E2B and gives way to one with an engine. */
function readArguments(given) {
  const isAlone = (index) =>
    given[index] === '--sandbox' && (given[index + 1] === undefined || given[index + 1].startsWith('--'))
  const rest = given.filter((_, index) => !isAlone(index))
  return rest.length < given.length && !rest.includes('--sandbox') ? ['--sandbox', 'e2b', ...rest] : rest
}

/** The engine that is asked for. */
function readEngine(flags) {
  const place = flags.indexOf('--sandbox')
  return place === -1 ? undefined : flags[place + 1]
}

/** Whether the sandbox is one of this machine, and nothing leads to a model. */
function needsModel() {
  const access = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_BASE_URL']
  return (engine === 'docker' || engine === 'local') && access.every((name) => !env[name])
}

/** Starts the scripted model. The sandbox reaches it by way of the client, which is on this machine as it is. */
async function startModel() {
  const { demoScript, startScriptedClaude } = await load('packages/scripted-claude/dist/index.js')
  const started = await startScriptedClaude({ script: demoScript() })
  env.ANTHROPIC_BASE_URL = started.url
  env.ANTHROPIC_API_KEY = 'scripted'
  args.push('--broker', 'client')
  console.log(
    'No ANTHROPIC_API_KEY is set: a SCRIPTED MODEL answers, not Claude. Put a key into .env to talk to Claude.',
  )
  return started
}
