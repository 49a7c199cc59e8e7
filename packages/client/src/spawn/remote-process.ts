import { EventEmitter } from 'node:events'
import { Readable, Writable } from 'node:stream'
import type { SpawnedProcess, SpawnOptions } from '@anthropic-ai/claude-agent-sdk'
import { AgentServerError, type Kill } from '@claude-agent/protocol'
import { parseEndpoint } from '../endpoint.ts'
import { randomUuid } from '../uuid.ts'
import { ProcessLine } from './process-line.ts'

export interface RemoteProcessOptions {
  /** Address of the server, `http://…` or `ws://…`. */
  url: string
  /** The server's `CLAUDE_AGENT_TOKEN`. */
  token?: string | undefined
  /** What every connection has to carry beside the token. */
  headers?: Record<string, string>
  /**
   * The session that the query drives; made when it is not there.
   * @default the SDK's `resume` or `sessionId`, else a new one whose id is that of the SDK's session
   */
  session?: string
  /** Variables for the agent. Nothing of the SDK's own `env`, which is that of this process, is sent. */
  env?: Record<string, string>
  /** Called with what the agent writes to stderr: the SDK does not call its own `stderr` for such a process. */
  stderr?: (text: string) => void
  /** Milliseconds without a line after which the query fails. @default 120_000 */
  reconnectTimeoutMs?: number
}

/** The variables by which the SDK hands options on to its process. */
const VARIABLES = ['CLAUDE_CODE_ENABLE_SDK_FILE_CHECKPOINTING', 'CLAUDE_CODE_QUESTION_PREVIEW_FORMAT']

const MAX_FRAME_BYTES = 256 * 1024

/** Where the flags begin that the SDK makes; what stands before is the path of a program on this machine. */
const FIRST_FLAG = '--output-format'

/**
 * For `options.spawnClaudeCodeProcess` of the official SDK: its process is one of a claude-agent-server. The server runs
 * its own CLI in its own workspace; command, working directory and environment of this machine stay here.
 * @throws AgentServerError `invalid_setting` for a wrong address or token
 */
export function remoteProcess(options: RemoteProcessOptions): (spawn: SpawnOptions) => SpawnedProcess {
  const endpoint = parseEndpoint(options.url, options.token, 'url', options.headers)
  return ({ args, env, signal }) => {
    const flags = args.slice(Math.max(0, args.indexOf(FIRST_FLAG)))
    const session =
      options.session ?? valueOf(flags, '--resume') ?? valueOf(flags, '--session-id') ?? randomUuid()
    const own = VARIABLES.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const]))
    const child = new RemoteProcess((heard) => {
      const { reconnectTimeoutMs = 120_000, stderr = () => {} } = options
      return new ProcessLine({
        ...heard,
        endpoint,
        session,
        args: flags,
        env: { ...Object.fromEntries(own), ...options.env },
        reconnectTimeoutMs,
        onStderr: stderr,
      })
    })
    const abort = (): void => void child.kill('SIGTERM')
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    return child
  }
}

type Heard = Pick<ConstructorParameters<typeof ProcessLine>[0], 'onBytes' | 'onExit' | 'onFail'>

/** A process somewhere else, in the shape that the SDK wants. */
class RemoteProcess extends EventEmitter implements SpawnedProcess {
  readonly stdin: Writable
  readonly stdout: Readable
  killed = false
  exitCode: number | null = null
  signalCode: NodeJS.Signals | null = null
  readonly #line: ProcessLine

  constructor(connect: (heard: Heard) => ProcessLine) {
    super()
    const line = (this.#line = connect({
      onBytes: (bytes) => this.stdout.push(bytes),
      onExit: (code, signal) => this.#exit(code, signal as NodeJS.Signals | null),
      onFail: (error) => this.#fail(error),
    }))
    this.stdin = new Writable({
      write: (chunk: Buffer, _, done) => {
        // The server takes no frame that is as long as a long prompt.
        const part = (start: number): void => {
          const end = Math.min(chunk.length, start + MAX_FRAME_BYTES)
          line.write(Uint8Array.from(chunk.subarray(start, end)), () =>
            end < chunk.length ? part(end) : done(),
          )
        }
        part(0)
      },
      final: (done) => {
        line.endInput()
        done()
      },
    })
    this.stdout = new Readable({ read: () => line.resume() })
  }

  kill(signal: NodeJS.Signals): boolean {
    if (this.exitCode !== null || this.signalCode !== null) return false
    this.killed = true
    this.#line.kill(isSent(signal) ? signal : 'SIGTERM')
    return true
  }

  #exit(code: number | null, signal: NodeJS.Signals | null): void {
    this.exitCode = code
    this.signalCode = signal
    this.stdout.push(null)
    this.emit('exit', code, signal)
  }

  /** Nobody knows how it ended. That is told as an error, which the SDK throws; an exit behind it would replace that. */
  #fail(error: AgentServerError): void {
    this.exitCode = 1
    const { code, message, hint } = error
    // The SDK shows the message, and nothing else of it.
    const shown = hint === undefined ? message : `${message} ${hint}`
    this.emit('error', new AgentServerError({ code, message: shown, hint, cause: error }))
    this.stdout.push(null)
  }
}

function isSent(signal: string): signal is Kill['signal'] {
  return signal === 'SIGINT' || signal === 'SIGKILL' || signal === 'SIGTERM'
}

/** The value of an argument `name=value`, as the SDK writes those. */
function valueOf(args: readonly string[], name: string): string | undefined {
  return args.find((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1)
}
