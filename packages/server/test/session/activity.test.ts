import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Activity } from '../../src/session/activity.ts'

const system = (subtype: string, task_id?: string): SDKMessage =>
  ({ type: 'system', subtype, ...(task_id === undefined ? {} : { task_id }) }) as never
const result = { type: 'result' } as SDKMessage

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

function create(): { activity: Activity; ends: ReturnType<typeof vi.fn> } {
  const ends = vi.fn()
  return { activity: new Activity(1000, ends), ends }
}

describe('a process', () => {
  test('that has nothing to do is given back after the timeout, once', () => {
    const { activity, ends } = create()
    expect(activity.settle(true)).toBe(true)
    expect(activity.settle(true)).toBe(false)
    expect(activity.idleSince).toBeTypeOf('number')
    vi.advanceTimersByTime(999)
    expect(ends).not.toHaveBeenCalled()
    vi.advanceTimersByTime(5000)
    expect(ends).toHaveBeenCalledOnce()
  })

  test('that has something to do in time is kept, and the time begins anew after it', () => {
    const { activity, ends } = create()
    activity.settle(true)
    vi.advanceTimersByTime(900)
    expect([activity.settle(false), activity.idleSince]).toEqual([false, undefined])
    vi.advanceTimersByTime(900)
    activity.settle(true)
    vi.advanceTimersByTime(900)
    expect(ends).not.toHaveBeenCalled()
    vi.advanceTimersByTime(100)
    expect(ends).toHaveBeenCalledOnce()
  })

  test('that runs a turn of its own accord is not idle, until the result', () => {
    const { activity } = create()
    activity.hear(system('init'))
    expect([activity.isBusy, activity.settle(true)]).toEqual([true, false])
    activity.hear(result)
    expect([activity.isBusy, activity.settle(true)]).toEqual([false, true])
  })

  test('with work in the background is not idle until all of that has ended', () => {
    const { activity, ends } = create()
    for (const id of ['one', 'two']) activity.hear(system('task_started', id))
    expect(activity.settle(true)).toBe(false)
    activity.hear(system('task_notification', 'one'))
    expect(activity.settle(true)).toBe(false)
    vi.advanceTimersByTime(5000)
    expect(ends).not.toHaveBeenCalled()
    activity.hear(system('task_notification', 'two'))
    expect(activity.settle(true)).toBe(true)
  })

  test('that is gone is forgotten with its work', () => {
    const { activity, ends } = create()
    activity.hear(system('init'))
    activity.hear(system('task_started', 'one'))
    activity.stop()
    expect([activity.isBusy, activity.idleSince, activity.settle(true)]).toEqual([false, undefined, true])
    activity.stop()
    vi.advanceTimersByTime(5000)
    expect(ends).not.toHaveBeenCalled()
  })
})
