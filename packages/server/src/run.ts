import { existsSync, realpathSync } from 'node:fs'
import type { Server } from 'node:http'
import { createBanner, createSealedBanner } from './banner.ts'
import { describeSettings, loadEnvFile, readConfig, type ServerConfig } from './config.ts'
import { isInside } from './files/path.ts'
import { mixIn } from './random.ts'
import { scrubEnvironment } from './scrub.ts'
import { isSealed, SealedServer } from './seal.ts'
import { startServer, type RunningServer } from './server.ts'
import { VERSION } from './version.ts'

/** Adds the `.env` of the working folder to the environment, unless the agent could have written it. */
function loadEnvironment(argv: readonly string[], env: NodeJS.ProcessEnv): void {
  if (!existsSync('.env')) return
  const all = { ...env }
  loadEnvFile('.env', all)
  const { workspace } = readConfig(argv, all)
  if (existsSync(workspace) && isInside(realpathSync(workspace), realpathSync('.'))) {
    console.error('.env is not read: it lies in the workspace, where the agent can write.')
  } else {
    loadEnvFile('.env', env)
  }
}

/**
 * The SDK warns at each start of an agent that nobody will be asked where permissions are bypassed. It is wrong for
 * questions to the user, which is what this server has its callback for.
 */
function silenceShadowWarning(): void {
  const print = process.listeners('warning')
  process.removeAllListeners('warning')
  process.on('warning', (warning: Error & { code?: string }) => {
    if (warning.code === 'CLAUDE_SDK_CAN_USE_TOOL_SHADOWED') return
    for (const listener of print) listener(warning)
  })
}

/** What only the server may know. Cloud credentials are the agent's too. */
const SECRETS = [
  'ANTHROPIC_API_KEY',
  'ANTHROPIC_AUTH_TOKEN',
  'CLAUDE_CODE_OAUTH_TOKEN',
  'CLAUDE_AGENT_TOKEN',
  'CLAUDE_AGENT_MIRROR_TOKEN',
]

/** Starts the server itself, says where it is, and ends the process with it. */
async function start(config: ServerConfig, listening?: Server): Promise<RunningServer> {
  const server = await startServer(config, listening)
  server.ended.then(() => process.exit(0), fail)
  process.stdout.write(createBanner(server.url, config))
  return server
}

/** Starts a server that waits for its token. What the seal file brings wins over the environment. */
async function startSealed(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  config: ServerConfig & { sealFile: string },
): Promise<SealedServer> {
  // The secrets of the environment are overwritten once the configuration was read, and it is to be read again.
  const before = { ...env }
  const server = await SealedServer.listen({
    ...config,
    open: async (variables, listening) => {
      mixIn(variables['CLAUDE_AGENT_TOKEN']!)
      const restore = putOver(env, variables)
      try {
        return await start(readConfig(argv, { ...before, ...variables }), listening)
      } catch (error) {
        restore()
        throw error
      }
    },
    tell: (line) => console.error(`claude-agent-server: ${line}`),
  })
  process.stdout.write(createSealedBanner(server.url, config.sealFile))
  return server
}

/** Puts variables over an environment, but for the secrets, which every program that is started would inherit. */
function putOver(env: NodeJS.ProcessEnv, variables: Readonly<Record<string, string>>): () => void {
  const names = Object.keys(variables).filter((name) => !SECRETS.includes(name))
  const before = names.map((name) => [name, env[name]] as const)
  for (const name of names) env[name] = variables[name]
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete env[name]
      else env[name] = value
    }
  }
}

function fail(error: unknown): never {
  console.error(error)
  process.exit(1)
}

/**
 * The program: reads the configuration, starts the server, says where it is, and ends it in order at SIGINT or SIGTERM,
 * and when its lease is over.
 * @throws AgentServerError what keeps the server from starting
 */
export async function run(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  if (argv.includes('--help') || argv.includes('-h')) return void process.stdout.write(describeSettings())
  if (argv.includes('--version')) return void process.stdout.write(`${VERSION}\n`)
  silenceShadowWarning()
  // A fault in one place is no reason to end all sessions.
  process.on('unhandledRejection', (error) =>
    console.error('claude-agent-server: a fault of its own:', error),
  )
  loadEnvironment(argv, env)
  const config = readConfig(argv, env)
  const starting = isSealed(config) ? startSealed(argv, env, config) : start(config)
  scrubEnvironment(SECRETS)
  // Signals count from now on: who sees the banner may send one at once.
  const end = (): void => {
    // A second signal while it drains ends it at once; what is left is then the watcher's.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
    starting.then((server) => server.close()).then(() => process.exit(0), fail)
  }
  process.once('SIGINT', end)
  process.once('SIGTERM', end)
  await starting
}
