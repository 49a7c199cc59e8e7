import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'

interface TaskMessage {
  type: string
  subtype?: string
  task_id?: string
  /** Of a `command_lifecycle`. */
  state?: string
}

/** Whether the agent's process has something to do, also of its own accord, and since when it has not. */
export class Activity {
  readonly #timeoutMs: number
  readonly #onTimeout: () => void
  /** Work in the background: it would end with the process. */
  readonly #tasks = new Set<string>()
  #isBusy = false
  #idleSince: number | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(timeoutMs: number, onTimeout: () => void) {
    this.#timeoutMs = timeoutMs
    this.#onTimeout = onTimeout
  }

  /** A turn runs, whoever began it. */
  get isBusy(): boolean {
    return this.#isBusy
  }

  get idleSince(): number | undefined {
    return this.#idleSince
  }

  hear(message: SDKMessage): void {
    const { type, subtype, task_id, state } = message as TaskMessage
    if (type === 'result' || state === 'completed' || state === 'cancelled') this.#isBusy = false
    if (type !== 'system') return
    if (subtype === 'init') this.#isBusy = true
    if (subtype === 'task_started' && task_id !== undefined) this.#tasks.add(task_id)
    if (subtype === 'task_notification' && task_id !== undefined) this.#tasks.delete(task_id)
  }

  /** The session has nothing for its process to do, or has. Says whether it has become idle by that. */
  settle(isAtRest: boolean): boolean {
    const isIdle = isAtRest && !this.#isBusy && this.#tasks.size === 0
    if (isIdle === (this.#idleSince !== undefined)) return false
    clearTimeout(this.#timer)
    this.#idleSince = isIdle ? performance.now() : undefined
    if (isIdle) this.#timer = setTimeout(this.#onTimeout, this.#timeoutMs).unref()
    return isIdle
  }

  /** The process is gone. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#isBusy = false
    this.#idleSince = undefined
    this.#tasks.clear()
  }
}
