/** Pause before a task is tried again. */
const RETRY_MS = 1000

/** Tries tasks until they work, one at a time. */
export class Retry {
  #fault: Error | undefined
  #endPause = (): void => {}
  #isStopped = false

  /** Why the task at hand did not work, or undefined. */
  get fault(): Error | undefined {
    return this.#fault
  }

  /** Resolves with true when the task has worked, with false when it did not and trying was stopped. */
  async run(task: () => Promise<void>): Promise<boolean> {
    for (;;) {
      try {
        await task()
        this.#fault = undefined
        return true
      } catch (error) {
        this.#fault = error as Error
        if (this.#isStopped) return false
        await this.#pause()
      }
    }
  }

  /** Ends the pause: the task gets one more try. */
  stop(): void {
    this.#isStopped = true
    this.#endPause()
  }

  async #pause(): Promise<void> {
    await new Promise<void>((go) => {
      const timer = setTimeout(go, RETRY_MS)
      this.#endPause = () => {
        clearTimeout(timer)
        go()
      }
    })
  }
}
