import { SandboxError } from '../errors.ts'
import { hide } from '../hide.ts'
import { waitUntilReady } from '../ready.ts'
import type { DockerCommand } from './command.ts'
import { inspectContainer, type Container } from './container.ts'
import { locate } from './locate.ts'
import { SERVER_PORT } from './run-arguments.ts'

/** Between two looks at the engine while a server starts; its own door is tried far more often. */
const LOOK_MS = 1_000
const LOG_LINES = '20'

export interface StartOptions {
  docker: DockerCommand
  name: string
  timeoutMs: number
  signal: AbortSignal | undefined
  /** Values that must not be repeated from what the server printed. */
  secrets: readonly string[]
}

/**
 * Waits until the server of a container that was started may be spoken to, and gives the container as it is then.
 * @throws SandboxError `start_failed` with the last lines that it printed, `start_timeout`, `aborted`
 */
export async function waitForServer(options: StartOptions): Promise<Container> {
  const { docker, name, timeoutMs, signal } = options
  let container = await inspectContainer(docker, name)
  let lookedAt = Date.now()
  const { restarts } = container
  const check = async (): Promise<void> => {
    if (Date.now() - lookedAt > LOOK_MS) {
      container = await inspectContainer(docker, name)
      lookedAt = Date.now()
    }
    if (['exited', 'dead'].includes(container.status) || container.restarts > restarts) {
      throw await explainCrash(options, container)
    }
  }
  // Before the port is published there is nothing to try: 9 is the port that throws everything away.
  const endpoint = () => locate(container, SERVER_PORT) ?? { url: 'http://127.0.0.1:9', headers: {} }
  try {
    await waitUntilReady(endpoint, { timeoutMs, signal, check })
  } catch (error) {
    if (!(error instanceof SandboxError) || error.code !== 'start_timeout') throw error
    const printed = await readLastWords(options)
    throw new SandboxError({
      code: 'start_timeout',
      message: `${error.message} It${printed}`,
      hint: 'Try again; `startTimeoutMs` at docker() gives it more time.',
      cause: error,
    })
  }
  return container
}

async function explainCrash(options: StartOptions, { exitCode }: Container): Promise<SandboxError> {
  const printed = await readLastWords(options)
  return new SandboxError({
    code: 'start_failed',
    message: `The server ended with exit code ${exitCode}. It${printed}`,
    hint: 'Look at `envs` and `resources`: the lines above are what the server printed last.',
  })
}

/** What the server printed last, on either stream, without the secrets that it was given. */
async function readLastWords({ docker, name, secrets }: StartOptions): Promise<string> {
  const printed = await docker(['logs', '--tail', LOG_LINES, name], { output: 'both' }).catch(() => '')
  const words = hide(printed.trim(), secrets)
  return words === '' ? ' printed nothing.' : ` printed last:\n${words}`
}
