/** How many times longer a line may be silent at most, after others died of it. */
const MOST_PATIENCE = 16

/** When a line counts as dead. All in milliseconds. */
export interface PulseLimits {
  /** Silence after which the other side is asked for a sign of life. */
  silenceMs: number
  /** How long it then has. */
  answerMs: number
  /** How long it has when this side has slept. */
  wakeMs: number
  /** A timer that fires this much too late tells of sleep. */
  lateMs: number
  /** The clock; it must go on while the machine sleeps. */
  now: () => number
}

export interface PulseRequest {
  limits: PulseLimits
  /** Asks the other side for a sign of life. */
  beat(): void
  /** Nothing came in time. */
  onDead(): void
}

/**
 * Notices within seconds that a line is dead, on platforms that tell nothing of it. Frames are the only signs of life
 * that all platforms show, and one large frame on a slow line looks like silence: so a line that is silent again after
 * one died of it gets twice the time, until an answer comes.
 */
export class Pulse {
  readonly #request: PulseRequest
  #ticking: ReturnType<typeof setInterval> | undefined
  #deadline: ReturnType<typeof setTimeout> | undefined
  #heardAt = 0
  #tickDue = 0
  #patience = 1

  constructor(request: PulseRequest) {
    this.#request = request
  }

  /** The line is up. */
  start(): void {
    const { silenceMs, now } = this.#request.limits
    const tickMs = silenceMs / 5
    this.stop()
    this.#heardAt = now()
    this.#tickDue = this.#heardAt + tickMs
    this.#ticking = setInterval(() => this.#tick(tickMs), tickMs)
  }

  /** The line is down. */
  stop(): void {
    clearInterval(this.#ticking)
    clearTimeout(this.#deadline)
    this.#ticking = this.#deadline = undefined
  }

  /** Something came. */
  heard(): void {
    this.#heardAt = this.#request.limits.now()
    if (this.#deadline === undefined) return
    clearTimeout(this.#deadline)
    this.#deadline = undefined
    this.#patience = 1
  }

  /** Finds out at once whether the line is alive: this side may have slept. */
  probe(): void {
    if (this.#ticking !== undefined) this.#ask(this.#request.limits.wakeMs)
  }

  #tick(tickMs: number): void {
    const { silenceMs, answerMs, lateMs, now } = this.#request.limits
    const time = now()
    const isLate = time - this.#tickDue > lateMs
    this.#tickDue = time + tickMs
    if (isLate) this.probe()
    else if (this.#deadline === undefined && time - this.#heardAt >= silenceMs) this.#ask(answerMs)
  }

  #ask(withinMs: number): void {
    const { lateMs, now } = this.#request.limits
    const patienceMs = withinMs * this.#patience
    const due = now() + patienceMs
    clearTimeout(this.#deadline)
    this.#request.beat()
    this.#deadline = setTimeout(() => {
      this.#deadline = undefined
      // What came while this side slept is not read yet.
      if (now() - due > lateMs) return this.probe()
      this.#patience = Math.min(MOST_PATIENCE, this.#patience * 2)
      this.#request.onDead()
    }, patienceMs)
  }
}
