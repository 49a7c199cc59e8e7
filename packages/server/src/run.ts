import { existsSync, realpathSync } from 'node:fs'
import { createBanner } from './banner.ts'
import { describeSettings, loadEnvFile, readConfig } from './config.ts'
import { isInside } from './files/path.ts'
import { scrubEnvironment } from './scrub.ts'
import { startServer } from './server.ts'
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
const SECRETS = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'CLAUDE_CODE_OAUTH_TOKEN', 'CLAUDE_AGENT_TOKEN']

/**
 * The program: reads the configuration, starts the server, says where it is, and ends it in order at SIGINT or SIGTERM.
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
  scrubEnvironment(SECRETS)
  const starting = startServer(config)
  // Signals count from now on: who sees the banner may send one at once.
  const end = (): void => {
    // A second signal while it drains ends it at once; what is left is then the watcher's.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
    starting
      .then((server) => server.close())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          console.error(error)
          process.exit(1)
        },
      )
  }
  process.once('SIGINT', end)
  process.once('SIGTERM', end)
  const server = await starting
  process.stdout.write(createBanner(server.url, config))
}
