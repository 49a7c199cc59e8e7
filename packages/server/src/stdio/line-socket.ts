import { AgentServerError } from '@claude-agent/protocol'
import { drawUuid } from '../random.ts'
import type { AgentExit } from '../agent/agent-process.ts'
import type { ControllerSocket } from './controller-socket.ts'
import type { Controller, DrivenProcess } from './driven-process.ts'
import type { StdioDriver } from './driver.ts'
import type { EarlyFrames } from './early-frames.ts'

/** A socket that speaks the lines of the SDK and nothing else, as the official browser SDK does. It cannot come back. */
export class LineSocket implements Controller {
  readonly #line: ControllerSocket
  #sent = 0
  #process: DrivenProcess | undefined

  constructor(line: ControllerSocket) {
    this.#line = line
  }

  /** Starts a process for it. @throws AgentServerError as `begin()` of the driver */
  async serve(driver: StdioDriver, frames: EarlyFrames, signal: AbortSignal): Promise<void> {
    const process = await driver.begin({ name: drawUuid(), signal })
    this.#process = process
    process.attach(this, 0)
    const leave = (): void => process.release(this)
    if (!this.#line.isOpen) return leave()
    this.#line.socket.once('close', leave)
    frames.handOver((data, isBinary) => {
      if (isBinary) return this.#say(binaryFrame())
      process.receive(data)
      this.#line.hold(process.intake)
    })
  }

  write(bytes: Buffer): void {
    if (!this.#line.isOpen) return
    this.#sent += bytes.length
    const sent = this.#sent
    this.#line.socket.send(bytes, { binary: false }, () => this.#process?.acknowledge(sent))
  }

  /** Its client does not count. */
  took(): void {}

  /** Its client sees pings only. */
  beat(): void {}

  stderr(): void {
    // Those who watch the session see it.
  }

  left(): void {
    this.#line.socket.terminate()
  }

  exited({ code, cause }: AgentExit): void {
    if (code === 0) this.#line.end(1000, 'the agent has ended')
    else this.#line.end(1011, cause)
  }

  failed(error: AgentServerError): void {
    this.#say(error)
    this.#line.fail(error)
  }

  #say(error: AgentServerError): void {
    if (!this.#line.isOpen || this.#line.buffered > 0) return
    this.#line.socket.send(`${JSON.stringify({ type: 'error', ...error.toJSON() })}\n`)
  }
}

function binaryFrame(): AgentServerError {
  return new AgentServerError({
    code: 'binary_frame',
    message: 'A binary frame came; the lines of the SDK are text.',
    hint: 'Send them as text frames.',
  })
}
