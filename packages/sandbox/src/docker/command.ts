import { execFile } from 'node:child_process'
import type { Socket } from 'node:net'
import { explainFailure } from './failure.ts'

/** How long the engine may take over one call. */
const CALL_MS = 60_000
const MAX_BYTES = 64 * 1024 * 1024

export interface CallOptions {
  /** Variables on top of this process's: how secrets reach the engine without a place in a command line. */
  env?: Record<string, string>
  /** @default 60_000 */
  timeoutMs?: number
  /** What is given: what the call printed on stdout, or on both streams. @default 'stdout' */
  output?: 'stdout' | 'both'
  /** The program may end while the call runs. @default false */
  background?: boolean
}

/** The engine's command line: `DOCKER_HOST`, contexts and credentials are as the user has set them up. */
export interface DockerCommand {
  /** Runs one call and gives what it printed. @throws SandboxError by what the engine said */
  (args: readonly string[], options?: CallOptions): Promise<string>
}

/** The `docker` command, or one that takes the same arguments. */
export function createDockerCommand(command: string): DockerCommand {
  return async (args, { env, timeoutMs = CALL_MS, output = 'stdout', background = false } = {}) =>
    await new Promise((resolve, reject) => {
      const options = {
        encoding: 'utf8' as const,
        timeout: timeoutMs,
        killSignal: 'SIGKILL' as const,
        maxBuffer: MAX_BYTES,
        windowsHide: true,
        ...(env === undefined ? {} : { env: { ...process.env, ...env } }),
      }
      const child = execFile(command, [...args], options, (error, stdout, stderr) => {
        if (error === null) resolve(output === 'both' ? `${stdout}${stderr}` : stdout)
        else reject(explainFailure(command, error, stderr, timeoutMs))
      })
      if (!background) return
      child.unref()
      for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as Socket | null)?.unref()
    })
}
