import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Lease } from '../src/lease.ts'
import { toServerError, statusOf } from '../src/transport/errors.ts'
import { createLeaseRoutes } from '../src/transport/lease-routes.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

/** A lease, and how often it has ended. */
function lease(timeoutMs?: number): { lease: Lease; ends: () => number } {
  let ends = 0
  const lease = new Lease(() => (ends += 1))
  if (timeoutMs !== undefined) lease.extend(timeoutMs)
  return { lease, ends: () => ends }
}

/** Lets the clock jump to the next tick: that much later than it was due, as after a freeze. */
function thaw(frozenMs: number): void {
  vi.setSystemTime(Date.now() + frozenMs)
  vi.advanceTimersToNextTimer()
}

describe('a lease', () => {
  test('ends once, when its time is over', () => {
    const { ends } = lease(2500)
    vi.advanceTimersByTime(2499)
    expect(ends()).toBe(0)
    vi.advanceTimersByTime(1)
    expect(ends()).toBe(1)
    vi.advanceTimersByTime(10_000)
    expect(ends()).toBe(1)
  })

  test('that was never extended has no end', () => {
    const { ends } = lease()
    vi.advanceTimersByTime(100_000_000)
    expect(ends()).toBe(0)
  })

  test('is extended from the moment of the extension on', () => {
    const { lease: one, ends } = lease(2000)
    vi.advanceTimersByTime(1900)
    one.extend(2000)
    vi.advanceTimersByTime(1999)
    expect(ends()).toBe(0)
    vi.advanceTimersByTime(1)
    expect(ends()).toBe(1)
  })

  test('may be made shorter than it was', () => {
    const { lease: one, ends } = lease(60_000)
    one.extend(1000)
    vi.advanceTimersByTime(1000)
    expect(ends()).toBe(1)
  })

  test('does not count the time for which its process was frozen, but for one tick', () => {
    const { ends } = lease(3000)
    thaw(3_600_000)
    thaw(3_600_000)
    expect(ends()).toBe(0)
    thaw(3_600_000)
    expect(ends()).toBe(1)
  })

  test('that was stopped, or is over, cannot be extended', () => {
    const { lease: one, ends } = lease(1000)
    one.stop()
    one.extend(1000)
    vi.advanceTimersByTime(5000)
    expect(ends()).toBe(0)
  })
})

describe('POST /lease', () => {
  function serve(one: Lease): (body: unknown) => Promise<Response> {
    const app = new Hono().route('/lease', createLeaseRoutes(one, 10_000))
    app.onError((error, c) => c.json(toServerError(error).toJSON(), statusOf(toServerError(error))))
    return async (body) => await app.request('/lease', { method: 'POST', body: JSON.stringify(body) })
  }

  test('gives a server without an end one', async () => {
    const { lease: one, ends } = lease()
    const answer = await serve(one)({ timeoutMs: 5000 })
    expect([answer.status, await answer.json()]).toEqual([200, { timeoutMs: 5000 }])
    vi.advanceTimersByTime(5000)
    expect(ends()).toBe(1)
  })

  test.each([
    [{}],
    [{ timeoutMs: 999 }],
    [{ timeoutMs: 86_400_001 }],
    [{ timeoutMs: 1500.5 }],
    [{ timeoutMs: '5000' }],
    [{ timeoutMs: 5000, timeout: 1 }],
    [[5000]],
    [null],
  ])('refuses %j, and the lease stays as it was', async (body) => {
    const { lease: one, ends } = lease(2000)
    const answer = await serve(one)(body)
    expect([answer.status, await answer.json()]).toMatchObject([400, { code: 'invalid_request' }])
    vi.advanceTimersByTime(2000)
    expect(ends()).toBe(1)
  })
})
