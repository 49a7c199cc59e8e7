import { AgentServerError, type Open, type ProcessDown, type ProcessUp } from '@claude-agent/protocol'
import { processUp } from '@claude-agent/protocol/schema'
import type { AgentExit } from '../agent/agent-process.ts'
import { toServerError } from '../transport/errors.ts'
import { readFrame } from '../transport/frame.ts'
import type { ControllerSocket } from './controller-socket.ts'
import type { Controller, DrivenProcess } from './driven-process.ts'
import type { StdioDriver } from './driver.ts'
import type { EarlyFrames } from './early-frames.ts'

/** Size limit of the frames that are no bytes: command lines of an SDK. */
const MAX_TEXT_BYTES = 1024 * 1024
/** Bytes of stdin after which the client hears that they have come. */
const ACKNOWLEDGE_BYTES = 64 * 1024
/** Milliseconds after which it hears so anyway. */
const ACKNOWLEDGE_MS = 50

/** A socket that carries a process: stdin and stdout as bytes, counted, so that it can come back where it was. */
export class ProcessSocket implements Controller {
  readonly #line: ControllerSocket
  /** Where in stdin the next byte of the client belongs. */
  #at = 0
  #process: DrivenProcess | undefined
  #acknowledged = 0
  #timer: NodeJS.Timeout | undefined

  constructor(line: ControllerSocket) {
    this.#line = line
  }

  /** Begins what its first frame wants. @throws AgentServerError as `begin()` of the driver, and `process_gone` */
  async serve(driver: StdioDriver, frames: EarlyFrames, signal: AbortSignal): Promise<void> {
    let open = await readNext(frames)
    // Where no token is needed, one may still come.
    if (open?.type === 'auth') open = await readNext(frames)
    if (open === undefined) return
    if (open.type !== 'open') throw outOfTurn(`'${open.type}'`)
    const process = await this.#find(driver, open, signal)
    if (open.from > process.intake.received || !process.attach(this, open.received)) throw gone(open)
    this.#at = open.from
    this.#say({ type: 'opened', received: process.intake.received })
    if (!this.#line.isOpen) return process.detach(this)
    this.#line.socket.once('close', () => {
      clearTimeout(this.#timer)
      process.detach(this)
    })
    this.#acknowledged = process.intake.received
    this.#process = process
    frames.handOver((data, isBinary) => {
      try {
        this.#hear(process, data, isBinary)
      } catch (error) {
        this.failed(toServerError(error))
      }
    })
  }

  write(bytes: Buffer): void {
    if (this.#line.isOpen) this.#line.socket.send(bytes, { binary: true })
  }

  took(): void {
    if (this.#process !== undefined) this.#acknowledge(this.#process)
  }

  stderr(data: string): void {
    this.#say({ type: 'stderr', data })
  }

  exited({ code, signal }: AgentExit, bytes: number): void {
    this.#say({ type: 'exit', bytes, code, signal })
  }

  failed(error: AgentServerError): void {
    this.#say({ type: 'error', ...error.toJSON() })
    this.#line.fail(error)
  }

  left(): void {
    this.#line.socket.terminate()
  }

  /** A sign of life, for those who see no pings. */
  beat(): void {
    this.#say({ type: 'heartbeat' })
  }

  async #find(
    driver: StdioDriver,
    { process: name, args, env = {}, from, received }: Open,
    signal: AbortSignal,
  ): Promise<DrivenProcess> {
    const found = driver.find(name)
    if (found !== undefined) return found
    if (args === undefined || from > 0 || received > 0) throw gone({ process: name })
    return await driver.begin({ name, given: { args, env }, signal })
  }

  #hear(process: DrivenProcess, data: Buffer, isBinary: boolean): void {
    if (isBinary) {
      // What came before the line broke comes again.
      const known = Math.min(process.intake.received - this.#at, data.length)
      this.#at += data.length
      if (known < data.length) process.receive(data.subarray(known))
      this.#line.hold(process.intake)
      return
    }
    const frame = readFrame(processUp, data, false, MAX_TEXT_BYTES) as ProcessUp
    switch (frame.type) {
      case 'received':
        return process.acknowledge(frame.bytes)
      case 'end':
        return process.endInput()
      case 'kill':
        return process.kill(frame.signal)
      case 'heartbeat':
        // Bytes that wait are a sign of life as good.
        if (this.#line.buffered === 0) this.beat()
        return
      case 'auth':
        return
      case 'open':
        throw outOfTurn("a second 'open'")
    }
  }

  /** What the agent has not taken is not acknowledged: its client stops to write by itself, and goes on to read. */
  #acknowledge(process: DrivenProcess): void {
    const say = (): void => {
      clearTimeout(this.#timer)
      this.#timer = undefined
      this.#acknowledged = process.intake.taken
      this.#say({ type: 'received', bytes: process.intake.taken })
    }
    if (process.intake.taken - this.#acknowledged >= ACKNOWLEDGE_BYTES) say()
    else if (process.intake.taken > this.#acknowledged) this.#timer ??= setTimeout(say, ACKNOWLEDGE_MS)
  }

  #say(frame: ProcessDown): void {
    if (this.#line.isOpen) this.#line.socket.send(JSON.stringify(frame))
  }
}

async function readNext(frames: EarlyFrames): Promise<ProcessUp | undefined> {
  const frame = await frames.next()
  if (frame === undefined) return undefined
  const [data, isBinary] = frame
  if (isBinary) throw outOfTurn('a binary frame')
  return readFrame(processUp, data, false, MAX_TEXT_BYTES) as ProcessUp
}

function gone({ process }: Pick<Open, 'process'>): AgentServerError {
  return new AgentServerError({
    code: 'process_gone',
    message: `The process '${process}' is not here any more, or not from where this client left it.`,
    hint: 'Begin another query, with `resume` to go on with the conversation.',
  })
}

function outOfTurn(what: string): AgentServerError {
  return new AgentServerError({
    code: 'invalid_message',
    message: `Out of turn came ${what}.`,
    hint: 'The order of the frames is in PROTOCOL.md, The process of an SDK.',
  })
}
