import { describe, expect, test } from 'vitest'
import { ProcessPool, type Permit, type PoolMember } from '../../src/agent/process-pool.ts'

/** A session as the pool sees it. */
class Member implements PoolMember {
  idleSince: number | undefined
  permit: Permit | undefined
  /** The places that it heard of, the newest last; undefined when it had left the line. */
  readonly places: (number | undefined)[] = []
  evictions = 0
  /** What its end waits for. */
  dying: Promise<void> = Promise.resolve()

  constructor(idleSince?: number) {
    this.idleSince = idleSince
  }

  async evict(): Promise<void> {
    this.evictions += 1
    await this.dying
    this.idleSince = undefined
    this.permit?.release()
  }

  moved(position: number | undefined): void {
    this.places.push(position)
  }

  get place(): number | undefined {
    return this.places.at(-1)
  }

  async acquire(pool: ProcessPool, signal = new AbortController().signal): Promise<void> {
    this.permit = await pool.acquire(this, signal)
  }
}

/** Lets everything happen that can. */
const rest = (): Promise<void> => new Promise((go) => setImmediate(go))

/** A pool of `max`, all of it taken by members that are busy. */
async function full(max: number): Promise<{ pool: ProcessPool; holders: Member[] }> {
  const pool = new ProcessPool(max)
  const holders = Array.from({ length: max }, () => new Member())
  for (const holder of holders) await holder.acquire(pool)
  return { pool, holders }
}

/** Members that wait, in this order. */
async function line(pool: ProcessPool, count: number): Promise<Member[]> {
  const waiting = Array.from({ length: count }, () => new Member())
  for (const member of waiting) void member.acquire(pool).catch(() => {})
  await rest()
  return waiting
}

describe('a pool', () => {
  test('gives as many permits as it has, at once, and no place in a line', async () => {
    const { pool, holders } = await full(2)
    expect(holders.map(({ permit, places }) => [permit !== undefined, places])).toEqual([
      [true, []],
      [true, []],
    ])
    expect(pool.hasRoom).toBe(false)
    expect(pool.tryAcquire(new Member())).toBeUndefined()
  })

  test('serves those who wait in the order in which they came, and tells each its place', async () => {
    const { pool, holders } = await full(1)
    const [one, two, three] = (await line(pool, 3)) as [Member, Member, Member]
    expect([one.place, two.place, three.place]).toEqual([0, 1, 2])
    holders[0]!.permit!.release()
    await rest()
    expect([one.permit !== undefined, one.place, two.place, three.place]).toEqual([true, undefined, 0, 1])
    one.permit!.release()
    await rest()
    two.permit!.release()
    await rest()
    expect(three.permit).toBeDefined()
    expect(three.places).toEqual([2, 1, 0, undefined])
  })

  test('lets nobody pass those who wait, not even with what is made ready ahead', async () => {
    const { pool, holders } = await full(2)
    await line(pool, 1)
    holders[0]!.permit!.release()
    expect(pool.tryAcquire(new Member())).toBeUndefined()
    holders[1]!.permit!.release()
    expect(pool.tryAcquire(new Member())).toBeDefined()
  })

  test('takes a permit back once, however often it is given back', async () => {
    const { pool, holders } = await full(1)
    const [one, two] = (await line(pool, 2)) as [Member, Member]
    const { permit } = holders[0]!
    permit!.release()
    permit!.release()
    await rest()
    expect([one.permit !== undefined, two.permit]).toEqual([true, undefined])
  })
})

describe('who leaves the line', () => {
  test('hears so, the others move up, and nothing is given to him', async () => {
    const { pool, holders } = await full(1)
    const leaver = new Member()
    const abort = new AbortController()
    const left = leaver.acquire(pool, abort.signal)
    const [behind] = (await line(pool, 1)) as [Member]
    const reason = new Error('not wanted any more')
    abort.abort(reason)
    await expect(left).rejects.toBe(reason)
    expect([leaver.places, behind.places]).toEqual([
      [0, undefined],
      [1, 0],
    ])
    holders[0]!.permit!.release()
    await rest()
    expect(behind.permit).toBeDefined()
  })

  test('before he has come takes no place at all, and after he was served keeps what he has', async () => {
    const { pool } = await full(1)
    const early = new Member()
    await expect(early.acquire(pool, AbortSignal.abort(new Error('early')))).rejects.toThrow('early')
    expect(early.places).toEqual([])
    const free = new ProcessPool(1)
    const abort = new AbortController()
    const served = new Member()
    await served.acquire(free, abort.signal)
    abort.abort()
    expect(free.hasRoom).toBe(false)
  })
})

describe('when all are taken', () => {
  test('the one that is idle longest gives way, and one with something to do never does', async () => {
    const { pool, holders } = await full(3)
    const [busy, short, long] = holders as [Member, Member, Member]
    short.idleSince = 20
    long.idleSince = 10
    const [one] = (await line(pool, 1)) as [Member]
    expect(one.permit).toBeDefined()
    expect([busy.evictions, short.evictions, long.evictions]).toEqual([0, 0, 1])
    const [two, three] = (await line(pool, 2)) as [Member, Member]
    expect([two.permit !== undefined, three.permit, three.place]).toEqual([true, undefined, 0])
    expect([busy.evictions, short.evictions, long.evictions]).toEqual([0, 1, 1])
    busy.idleSince = 30
    pool.makeRoom()
    await rest()
    expect([three.permit !== undefined, busy.evictions]).toEqual([true, 1])
  })

  test('no more are ended than there are members in line, and none twice', async () => {
    const { pool, holders } = await full(3)
    let die = (): void => {}
    for (const holder of holders) {
      holder.idleSince = 1
      holder.dying = new Promise((go) => (die = ((before) => () => (before(), go()))(die)))
    }
    await line(pool, 2)
    pool.makeRoom()
    pool.makeRoom()
    expect(holders.map(({ evictions }) => evictions)).toEqual([1, 1, 0])
    die()
    await rest()
    expect(holders.map(({ evictions }) => evictions)).toEqual([1, 1, 0])
  })

  test('one whose end fails does not keep others from being ended', async () => {
    const { pool, holders } = await full(2)
    const [stubborn, other] = holders as [Member, Member]
    stubborn.idleSince = 1
    stubborn.evict = async () => {
      stubborn.idleSince = undefined
      throw new Error('not now')
    }
    other.idleSince = 2
    const [one] = (await line(pool, 1)) as [Member]
    await rest()
    expect([one.permit !== undefined, other.evictions]).toEqual([true, 1])
  })

  test('a permit that was handed over is looked at as its new holder is', async () => {
    const { pool, holders } = await full(1)
    const [spare] = holders as [Member]
    spare.idleSince = -Infinity
    spare.permit!.member = new Member()
    const [one] = (await line(pool, 1)) as [Member]
    expect([spare.evictions, one.permit]).toEqual([0, undefined])
  })
})
