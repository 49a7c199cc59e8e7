import { ApiError, invalidRequest } from '../errors.ts'
import type { Steps } from '../script/script.ts'
import type {
  CutStep,
  Pace,
  Step,
  StopReason,
  TextStep,
  ThinkingStep,
  ToolUseStep,
  Usage,
} from '../script/step.ts'
import { createId, createSignature } from './ids.ts'
import { repetitionsOf, splitText } from './pieces.ts'
import { Schedule, wait } from './schedule.ts'
import type { AnswerSink, BlockDelta, BlockStart } from './sink.ts'
import { countTokens, createUsage } from './token-count.ts'

/** How the playing of an answer ended; what that means on the wire is decided by the edge. */
export type Ending =
  | { type: 'complete' }
  | { type: 'error'; error: ApiError }
  | { type: 'cut'; cut: CutStep['cut'] }

/** What an answer is played with. */
export interface PlayOptions {
  sink: AnswerSink
  /** Pace of the steps that set none. */
  pace: Pace
  inputTokens: number
  /** Whether paces are kept; an answer that is not streamed has none. */
  isPaced: boolean
  signal: AbortSignal
}

/** Plays the steps of one answer into a sink. */
export class Player {
  readonly #options: PlayOptions
  readonly #sink: AnswerSink
  #open: BlockStart['type'] | undefined
  #signature = ''
  #characters = 0
  #hasToolUse = false
  #stopReason: StopReason | undefined
  #stopSequence: string | null = null
  #usage: Partial<Usage> = {}
  #hasStarted = false

  constructor(options: PlayOptions) {
    this.#options = options
    this.#sink = options.sink
  }

  /** Plays to the end. Rejects with an AbortError when the client goes or the server is closed. */
  async play(steps: Steps): Promise<Ending> {
    for await (const step of steps) {
      const ending = await this.#playStep(step)
      await this.#sink.flush()
      this.#options.signal.throwIfAborted()
      if (ending !== undefined) return ending
    }
    this.#start()
    this.#endBlock()
    this.#sink.complete({
      stopReason: this.#stopReason ?? (this.#hasToolUse ? 'tool_use' : 'end_turn'),
      stopSequence: this.#stopSequence,
      usage: this.#currentUsage(countTokens(this.#characters)),
    })
    await this.#sink.flush()
    return { type: 'complete' }
  }

  async #playStep(step: Step): Promise<Ending | undefined> {
    if ('text' in step) await this.#playText(step)
    else if ('thinking' in step) await this.#playThinking(step)
    else if ('toolUse' in step) await this.#playToolUse(step)
    else if ('delayMs' in step) await wait(step.delayMs, this.#options.signal)
    else if ('ping' in step) this.#ping()
    else if ('stopReason' in step) {
      this.#stopReason = step.stopReason
      this.#stopSequence = step.stopSequence ?? null
    } else if ('usage' in step) this.#usage = { ...this.#usage, ...step.usage }
    else if ('hang' in step) await abortion(this.#options.signal)
    else if ('cut' in step) return { type: 'cut', cut: step.cut }
    else if ('error' in step) return { type: 'error', error: new ApiError(step.error) }
    else throw invalidRequest(`scripted-claude: this is not a step: ${JSON.stringify(step)}`)
    return undefined
  }

  async #playText(step: TextStep): Promise<void> {
    const toDelta = (text: string): BlockDelta => ({ type: 'text_delta', text })
    if (step.each === 'block') {
      for (const text of repetitionsOf(step)) {
        this.#startBlock({ type: 'text', text: '' })
        await this.#playPieces(splitText(text, this.#paceOf(step)), step, toDelta)
        this.#endBlock()
      }
      return
    }
    if (this.#open !== 'text') this.#startBlock({ type: 'text', text: '' })
    const isRepeated = step.repeat !== undefined || typeof step.text === 'function'
    const pieces = isRepeated ? repetitionsOf(step) : splitText(step.text as string, this.#paceOf(step))
    await this.#playPieces(pieces, step, toDelta)
  }

  async #playThinking(step: ThinkingStep): Promise<void> {
    if (this.#open !== 'thinking') this.#startBlock({ type: 'thinking', thinking: '', signature: '' })
    this.#signature = step.signature ?? (this.#signature || createSignature())
    const pieces = splitText(step.thinking, this.#paceOf(step))
    await this.#playPieces(pieces, step, (thinking) => ({ type: 'thinking_delta', thinking }))
  }

  async #playToolUse(step: ToolUseStep): Promise<void> {
    const { id = createId('toolu'), name, input = {} } = step.toolUse
    this.#hasToolUse = true
    this.#startBlock({ type: 'tool_use', id, name, input: {} })
    this.#sink.delta({ type: 'input_json_delta', partial_json: '' })
    const pieces = splitText(JSON.stringify(input), this.#paceOf(step))
    await this.#playPieces(pieces, step, (json) => ({ type: 'input_json_delta', partial_json: json }))
  }

  /** Sends the pieces, each when it is due. */
  async #playPieces(
    pieces: Iterable<string>,
    step: { pace?: Pace },
    toDelta: (piece: string) => BlockDelta,
  ): Promise<void> {
    const { deltasPerSecond } = this.#paceOf(step)
    const isPaced = this.#options.isPaced && deltasPerSecond !== undefined
    const schedule = isPaced ? new Schedule(deltasPerSecond) : undefined
    for (const piece of pieces) {
      const leftMs = schedule?.take() ?? 0
      if (leftMs > 0) {
        await this.#sink.flush()
        await wait(leftMs, this.#options.signal)
      }
      this.#characters += piece.length
      this.#sink.delta(toDelta(piece))
      if (this.#sink.isFull) await this.#sink.flush()
    }
  }

  #paceOf(step: { pace?: Pace }): Pace {
    return step.pace === undefined ? this.#options.pace : { ...this.#options.pace, ...step.pace }
  }

  #currentUsage(outputTokens: number): Usage {
    return { ...createUsage(this.#options.inputTokens, outputTokens), ...this.#usage }
  }

  #start(): void {
    if (this.#hasStarted) return
    this.#hasStarted = true
    this.#sink.start(this.#currentUsage(1))
  }

  #ping(): void {
    this.#start()
    this.#sink.ping()
  }

  #startBlock(block: BlockStart): void {
    this.#start()
    this.#endBlock()
    this.#open = block.type
    this.#sink.startBlock(block)
  }

  #endBlock(): void {
    if (this.#open === undefined) return
    if (this.#open === 'thinking') {
      this.#sink.delta({ type: 'signature_delta', signature: this.#signature })
      this.#signature = ''
    }
    this.#open = undefined
    this.#sink.endBlock()
  }
}

/** Never resolves; rejects with the signal's reason. */
function abortion(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error)
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
}
