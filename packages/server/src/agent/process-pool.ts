/** Who holds a process, or waits for one. */
export interface PoolMember {
  /** Since when its process has nothing to do, on a steady clock; undefined while it must stay. */
  readonly idleSince: number | undefined
  /** Ends its process, for another member; resolves when it is gone. */
  evict(): Promise<void>
  /** Its place in the line of those who wait, from 0; undefined once it does not wait any more. */
  moved(position: number | undefined): void
}

/** The right to one process. */
export interface Permit {
  /** Whose process it is; a spare is handed over with its permit. */
  member: PoolMember
  /** Gives it back, once; further calls do nothing. */
  release(): void
}

interface Waiting {
  member: PoolMember
  grant: (permit: Permit) => void
}

/**
 * The processes that a server may have at once. Who needs one while all are taken waits in line, and the process that
 * has been idle longest is ended for him. One with something to do is never taken away.
 */
export class ProcessPool {
  readonly #max: number
  readonly #permits = new Set<Permit>()
  readonly #line: Waiting[] = []
  /** Members whose processes are being ended for those in line. */
  readonly #evicted = new Set<PoolMember>()

  constructor(max: number) {
    this.#max = max
  }

  /** A process can be started without anybody giving up his. */
  get hasRoom(): boolean {
    return this.#permits.size < this.#max && this.#line.length === 0
  }

  /** A permit if there is one to spare: for what is made ready ahead. */
  tryAcquire(member: PoolMember): Permit | undefined {
    return this.hasRoom ? this.#grant(member) : undefined
  }

  /** A permit as soon as there is one; the member hears its place in the line. Rejects with the signal's reason. */
  async acquire(member: PoolMember, signal: AbortSignal): Promise<Permit> {
    signal.throwIfAborted()
    return this.tryAcquire(member) ?? (await this.#wait(member, signal))
  }

  /** Ends idle processes for those who wait. To be called when a member has become idle. */
  makeRoom(): void {
    while (this.#evicted.size < this.#line.length) {
      const idle = this.#longestIdle()
      if (idle === undefined) return
      this.#evicted.add(idle)
      void idle
        .evict()
        .catch(() => {})
        .finally(() => {
          this.#evicted.delete(idle)
          this.makeRoom()
        })
    }
  }

  #longestIdle(): PoolMember | undefined {
    const idle = [...this.#permits].flatMap(({ member }) =>
      member.idleSince === undefined || this.#evicted.has(member)
        ? []
        : [{ member, since: member.idleSince }],
    )
    return idle.sort((one, other) => one.since - other.since)[0]?.member
  }

  #wait(member: PoolMember, signal: AbortSignal): Promise<Permit> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#line.splice(this.#line.indexOf(waiting), 1)
        member.moved(undefined)
        this.#tellPlaces()
        reject(signal.reason as Error)
      }
      const waiting: Waiting = {
        member,
        grant: (permit) => {
          signal.removeEventListener('abort', leave)
          resolve(permit)
        },
      }
      signal.addEventListener('abort', leave, { once: true })
      this.#line.push(waiting)
      member.moved(this.#line.length - 1)
      this.makeRoom()
    })
  }

  #grant(member: PoolMember): Permit {
    const permit: Permit = {
      member,
      release: () => {
        if (this.#permits.delete(permit)) this.#serve()
      },
    }
    this.#permits.add(permit)
    return permit
  }

  #serve(): void {
    const next = this.#line.shift()
    if (next === undefined) return
    next.member.moved(undefined)
    next.grant(this.#grant(next.member))
    this.#tellPlaces()
  }

  #tellPlaces(): void {
    for (const [position, { member }] of this.#line.entries()) member.moved(position)
  }
}
