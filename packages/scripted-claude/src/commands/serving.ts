import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { RunningServer, ServerOptions } from '../exchange-server.ts'
import { ScriptedClaudeError } from '../errors.ts'
import type { RecordedRequest } from '../request/record.ts'
import type { ServerFlags } from './command-line.ts'

/** The options of a server that a command runs. Nobody asserts on its requests, so it keeps no bodies. */
export function serverOptions({ port, host, isVerbose }: ServerFlags): ServerOptions {
  const limits = { maxRecordedRequests: 100, maxRecordedBytes: 0 }
  return { port, host, ...limits, ...(isVerbose ? { onRequest: printRequest } : {}) }
}

/** Serves until SIGINT or SIGTERM, or until the program given has ended; gives the program's exit code. */
export async function serve(
  server: RunningServer,
  description: string,
  program: readonly string[] = [],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<number> {
  if (program.length > 0)
    return runProgram(program, { ...process.env, ANTHROPIC_BASE_URL: server.url, ...env })
  process.stdout.write(`scripted-claude listens on ${server.url} ${description}\n`)
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
  return 0
}

/** Runs a program to its end; a signal to this process ends it too. */
async function runProgram(program: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [command = '', ...args] = program
  const child = spawn(command, args, { stdio: 'inherit', env })
  const stopPassing = passSignals(child)
  try {
    const [code] = (await once(child, 'exit')) as [number | null]
    return code ?? 1
  } catch (cause) {
    throw new ScriptedClaudeError({
      code: 'invalid_option',
      message: `Cannot run ${command}: ${cause instanceof Error ? cause.message : String(cause)}.`,
      hint: 'Give the command after --, as in: -- npm test.',
      cause,
    })
  } finally {
    stopPassing()
  }
}

/** Hands signals on to a program. */
function passSignals(child: ChildProcess): () => void {
  const pass = (signal: NodeJS.Signals) => {
    // What is typed at a terminal has reached the program already.
    if (signal === 'SIGTERM' || !process.stdin.isTTY) child.kill(signal)
  }
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.on(signal, pass)
  return () => {
    for (const signal of signals) process.off(signal, pass)
  }
}

/** One line about a request: never its headers, where the keys are. */
function printRequest(request: RecordedRequest): void {
  const rule = request.rule === undefined ? '' : ` rule ${request.rule}`
  const failure = request.failure === undefined ? '' : `: ${request.failure}`
  process.stdout.write(
    `${request.method} ${request.path} ${request.status} ${request.outcome}${rule}${failure}\n`,
  )
}
