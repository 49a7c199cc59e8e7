import { once } from 'node:events'
import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import { Refusal } from './answer.ts'
import type { ConnectStream } from './connect-stream.ts'
import { signalAll } from './sandbox-processes.ts'
import { idsOf } from './sandbox-root.ts'
import type { DoubleSandbox } from './sandbox.ts'

interface Selected {
  process: { pid: number }
}

/** `Start`: runs a command. It dies with the stream's deadline, as it does with envd, also when the caller has hung up. */
export async function startCommand(
  sandbox: DoubleSandbox,
  message: {
    process: { cmd: string; args?: string[]; cwd?: string; envs?: Record<string, string> }
    stdin?: boolean
  },
  user: string,
  stream: ConnectStream,
): Promise<void> {
  await idsOf(sandbox.root, user)
  const { cmd, args = [], cwd, envs } = message.process
  const child = sandbox.launch({ cmd, args, cwd, envs, user })
  if (message.stdin !== true) child.stdin?.end()
  await once(child, 'spawn')
  const pid = child.pid!
  sandbox.commands.set(pid, child)
  const { timeoutMs } = stream
  const deadline =
    timeoutMs > 0 ? setTimeout(() => signalAll([-pid], 'SIGKILL'), timeoutMs).unref() : undefined
  child.once('exit', () => clearTimeout(deadline))
  child.once('close', () => sandbox.commands.delete(pid))
  report(child, stream)
}

/** `Connect`: hears a command that runs already. */
export async function attachCommand(
  sandbox: DoubleSandbox,
  message: Selected,
  _user: string,
  stream: ConnectStream,
): Promise<void> {
  report(commandOf(sandbox, message), stream)
}

export async function listCommands(sandbox: DoubleSandbox): Promise<unknown> {
  return {
    processes: [...sandbox.commands].map(([pid, child]) => ({
      pid,
      config: { cmd: child.spawnfile, args: child.spawnargs.slice(1), envs: {} },
    })),
  }
}

export async function sendInput(
  sandbox: DoubleSandbox,
  message: Selected & { input: { stdin?: string } },
): Promise<unknown> {
  commandOf(sandbox, message).stdin?.write(Buffer.from(message.input.stdin ?? '', 'base64'))
  return {}
}

export async function signalCommand(
  sandbox: DoubleSandbox,
  message: Selected & { signal: string },
): Promise<unknown> {
  const child = commandOf(sandbox, message)
  signalAll([child.pid!], message.signal === 'SIGNAL_SIGKILL' ? 'SIGKILL' : 'SIGTERM')
  return {}
}

function commandOf(sandbox: DoubleSandbox, message: Selected): ChildProcess {
  const child = sandbox.commands.get(message.process.pid)
  if (child === undefined) throw new Refusal(404, `process with pid ${message.process.pid} not found`)
  return child
}

function report(child: ChildProcess, stream: ConnectStream): void {
  stream.send({ event: { start: { pid: child.pid } } })
  const hear = (name: 'stdout' | 'stderr') => (chunk: Buffer) => {
    stream.send({ event: { data: { [name]: chunk.toString('base64') } } })
  }
  const [onStdout, onStderr] = [hear('stdout'), hear('stderr')]
  child.stdout?.on('data', onStdout)
  child.stderr?.on('data', onStderr)
  stream.onEnd(() => {
    // It must go on being read, or the command would stand still at a full pipe.
    child.stdout?.off('data', onStdout).resume()
    child.stderr?.off('data', onStderr).resume()
  })
  child.once('close', (code, signal) => {
    const exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal])
    const error =
      exitCode === 0 ? {} : { error: signal === null ? `exit status ${exitCode}` : `signal: ${signal}` }
    stream.send({
      event: { end: { exitCode, exited: signal === null, status: `exit status ${exitCode}`, ...error } },
    })
    stream.end()
  })
}
