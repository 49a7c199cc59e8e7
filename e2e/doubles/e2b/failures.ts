import { Refusal } from './answer.ts'

/** A failure on demand. */
export interface Failure {
  method: string
  /** What the path and query have to match. */
  path: RegExp
  /** Answered instead; `hang` for no answer until `release()`. */
  status: number | 'hang'
  message?: string
  headers?: Record<string, string>
  /** How often. @default 1 */
  times?: number
}

/** Failures that tests have ordered. */
export class FailureList {
  readonly #failures: (Failure & { left: number })[] = []
  readonly #held: (() => void)[] = []

  order(failure: Failure): void {
    this.#failures.push({ ...failure, left: failure.times ?? 1 })
  }

  /** Lets those go on that hang; they are then served. */
  release(): void {
    for (const go of this.#held.splice(0)) go()
  }

  /** How many hang now. */
  get held(): number {
    return this.#held.length
  }

  /** @throws Refusal where a failure was ordered for this request */
  async meet(method: string, path: string): Promise<void> {
    const found = this.#failures.find(
      (failure) => failure.left > 0 && failure.method === method && failure.path.test(path),
    )
    if (found === undefined) return
    found.left -= 1
    if (found.status === 'hang') {
      await new Promise<void>((go) => this.#held.push(go))
      return
    }
    throw new Refusal(found.status, found.message ?? 'ordered by a test', found.headers)
  }
}
