import type { SDKResultMessage } from '@anthropic-ai/claude-agent-sdk'
import type { UsageTotals } from '@claude-agent/protocol'
import { describe, expect, test } from 'vitest'
import { SessionState } from '../../src/session/state.ts'
import { budgetReached, reachedLimit, readTotals, Usage } from '../../src/session/usage.ts'
import { numbered, prompted, promptEnded, resulted, started, status } from './events.ts'

const totals = (costUsd: number, outputTokens = 0): UsageTotals => ({
  costUsd,
  inputTokens: 0,
  outputTokens,
  cacheReadInputTokens: 0,
  cacheCreationInputTokens: 0,
})
const result = (costUsd: number, outputTokens = 0): SDKResultMessage =>
  (resulted(costUsd, outputTokens) as { data: unknown }).data as SDKResultMessage

describe('usage', () => {
  test('is what the counters of each process have grown by, wherever they began', () => {
    const usage = new Usage()
    usage.begin()
    usage.hearResult(result(0.1, 10))
    usage.hearResult(result(0.25, 25))
    // It ended in order: the next one counts on.
    usage.begin(totals(0.25, 25))
    usage.hearResult(result(0.3, 30))
    // It was killed: what it spent is forgotten by the CLI, but not here.
    usage.begin(totals(0.25, 25))
    usage.hearResult(result(0.35, 35))
    expect(usage.total.costUsd).toBeCloseTo(0.4)
    expect(usage.total.outputTokens).toBe(40)
  })

  test('counts the same counters once, and a result with zeroed ones not at all', () => {
    const usage = new Usage()
    usage.begin()
    for (const cost of [0.2, 0.2, 0, 0.2, 0.3]) usage.hearResult(result(cost))
    expect(usage.total.costUsd).toBeCloseTo(0.3)
  })

  test('begins at nothing again when the SDK sets its counters back', () => {
    const usage = new Usage()
    usage.begin(totals(1))
    usage.hearResult(result(1.5))
    usage.reset()
    usage.hearResult(result(0.25))
    expect(usage.total.costUsd).toBeCloseTo(0.75)
  })

  test('adds up the tokens of all models, whatever is missing', () => {
    const models = { a: { inputTokens: 1, outputTokens: 2 }, b: { inputTokens: 10, cacheReadInputTokens: 5 } }
    expect(readTotals(0.5, models)).toEqual({ ...totals(0.5, 2), inputTokens: 11, cacheReadInputTokens: 5 })
    expect(readTotals(undefined, undefined)).toEqual(totals(0))
  })

  test('has the turns that ended but for cancelled ones, and the time in which turns ran', () => {
    const state = new SessionState()
    const events = [
      prompted('a'),
      status('running'),
      started('s'),
      promptEnded('a', 'completed'),
      status('idle'),
      prompted('b'),
      promptEnded('b', 'cancelled'),
      prompted('c'),
      status('running'),
      promptEnded('c', 'failed'),
      status('requires_action'),
      status('running'),
    ]
    for (const event of numbered(events)) state.apply(event)
    // No turn can have run on after the last event.
    state.restart()
    expect(state.usageNow).toMatchObject({ turns: 2, wallMs: 30 + 20 })
  })
})

describe('a limit', () => {
  const used = { ...totals(0.5, 60), inputTokens: 40, turns: 3, wallMs: 1000 }

  test.each([
    [{}, undefined],
    [{ maxTurns: 4, maxTokens: 101, maxCostUsd: 0.51, maxWallMs: 1001 }, undefined],
    [{ maxTurns: 3 }, { name: 'maxTurns', limit: 3, used: 3 }],
    [{ maxTokens: 100 }, { name: 'maxTokens', limit: 100, used: 100 }],
    [{ maxCostUsd: 0.4 }, { name: 'maxCostUsd', limit: 0.4, used: 0.5 }],
    [{ maxWallMs: 0 }, { name: 'maxWallMs', limit: 0, used: 1000 }],
  ])('of %o is reached as it should: %o', (limits, expected) => {
    expect(reachedLimit(used, limits)).toEqual(expected)
  })

  test('that is reached is told by name, with what to do', () => {
    expect(budgetReached({ name: 'maxTurns', limit: 3, used: 4 })).toMatchObject({
      code: 'budget_reached',
      message: expect.stringContaining('maxTurns is 3, 4 are used') as string,
      hint: expect.stringContaining('PATCH') as string,
    })
  })
})
