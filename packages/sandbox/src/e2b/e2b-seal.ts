import type { E2bSandbox } from './e2b-sdk.ts'

/** The folder of the seal in template and image: the server's, closed to everybody else. */
const SEAL_FOLDER = '/run/claude-agent'
const SEAL_FILE = `${SEAL_FOLDER}/seal.json`
const TOKEN_FILE = `${SEAL_FOLDER}/token`
const SERVER_USER = 'server'
/** What starts the server as its own user; must be run as root. */
const START_SCRIPT = '/usr/local/bin/start-claude-agent-server'

/**
 * Hands token and variables to a sealed server, through envd, which only who created the sandbox may speak to. The token
 * is left for connect() first. The server waits while the seal is half written, and takes it away.
 */
export async function unseal(
  sandbox: E2bSandbox,
  token: string,
  envs: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<void> {
  const seal = JSON.stringify({ env: { ...envs, CLAUDE_AGENT_TOKEN: token } })
  await sandbox.files.write(
    [
      { path: TOKEN_FILE, data: token },
      { path: SEAL_FILE, data: seal },
    ],
    { user: SERVER_USER, ...(signal === undefined ? {} : { signal }) },
  )
}

/** The token that its creator left for whoever may speak to envd; undefined when none was handed in. */
export async function readToken(sandbox: E2bSandbox, signal?: AbortSignal): Promise<string | undefined> {
  try {
    const token = await sandbox.files.read(TOKEN_FILE, {
      user: SERVER_USER,
      ...(signal === undefined ? {} : { signal }),
    })
    return token === '' ? undefined : token
  } catch (error) {
    if (error instanceof Error && /^(File)?NotFoundError$/.test(error.name)) return undefined
    throw error
  }
}

/** Starts a server where none runs any more. It is sealed again. */
export async function startServer(sandbox: E2bSandbox, signal?: AbortSignal): Promise<void> {
  const command = await sandbox.commands.run(START_SCRIPT, {
    user: 'root',
    background: true,
    // 0 is for ever: else E2B ends the command after a minute, in the background too.
    timeoutMs: 0,
    ...(signal === undefined ? {} : { signal }),
  })
  // It goes on without anybody who listens.
  await command.disconnect()
}
