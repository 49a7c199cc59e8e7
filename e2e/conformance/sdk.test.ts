import { describe, expect, test } from 'vitest'
import { CALLS } from '../../packages/server/src/policy/calls.ts'
import { isLong } from '../support/long.ts'
import { conform } from './conform.ts'
import { extent } from './extent.ts'
import { Reach } from './reach.ts'
import { HOOKS, MESSAGES, type Reached } from './table/reached.ts'
import { bareSdk } from './ways/sdk.ts'

const reach = new Reach()

conform(bareSdk, extent, reach)

/** The names that the program comes to, by what is written of them. */
function expected(places: Record<string, Reached>): string[] {
  return Object.keys(places)
    .filter((name) => places[name]?.unless === '')
    .sort()
}

if (isLong)
  describe('the program comes to all of the SDK, but for what says why not', () => {
    test('methods of the query', () => {
      expect(Object.keys(CALLS).filter((name) => !reach.methods.has(name))).toEqual([])
    })

    test('messages', () => {
      const known = [...reach.messages].filter((shape) => Object.hasOwn(MESSAGES, shape))
      expect(known.sort()).toEqual(expected(MESSAGES))
    })

    test('events for hooks', () => {
      expect([...reach.hooks].sort()).toEqual(expected(HOOKS))
    })
  })
