import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { CALL_METHODS } from '@claude-agent/protocol'
import { describe, expect, test } from 'vitest'
import { OPTIONS } from '../../../server/src/policy/options.ts'
import { QUERY_METHODS } from '../../src/query/methods.ts'
import { QUERY_OPTIONS } from '../../src/query/options.ts'

const sdk = dirname(createRequire(import.meta.url).resolve('@anthropic-ai/claude-agent-sdk'))
const types = readFileSync(join(sdk, 'sdk.d.ts'), 'utf8')

/** The names of the members of a type of the SDK, as its text has them. */
function membersOf(start: string, member: RegExp): string[] {
  const [, rest = ''] = types.split(start)
  const [body = ''] = rest.split('\n}')
  return [...body.matchAll(member)].map(([, name = '']) => name)
}

describe('what becomes of options and methods over the network', () => {
  test('is said of each option of the installed SDK', () => {
    const names = membersOf('export declare type Options = {', /^ {4}(\w+)\?:/gm)
    expect(names.length).toBeGreaterThan(60)
    expect(Object.keys(QUERY_OPTIONS).toSorted()).toEqual(names.toSorted())
  })

  test('is said of each method of the installed SDK', () => {
    const names = membersOf('export declare interface Query extends', /^ {4}(\w+)\(/gm)
    expect(names.length).toBeGreaterThan(25)
    expect(Object.keys(QUERY_METHODS).toSorted()).toEqual(names.toSorted())
  })

  test('fits to what the server lets through: an option that travels may be set from outside, and the other way round', () => {
    for (const [name, { by, over }] of Object.entries(QUERY_OPTIONS)) {
      const { set } = OPTIONS[name as keyof typeof OPTIONS]
      expect({ name, remote: by === 'session' }).toEqual({ name, remote: set === 'remote' })
      if (over === 'refused') expect({ name, set }).not.toMatchObject({ set: 'remote' })
    }
  })

  test('is not refused of a method that the server calls', () => {
    for (const method of CALL_METHODS) expect(QUERY_METHODS[method].over, method).not.toBe('refused')
  })

  test('comes with a reason wherever it is not just the same', () => {
    for (const place of [...Object.values(QUERY_OPTIONS), ...Object.values(QUERY_METHODS)])
      if (place.over !== 'works') expect(place.why).toMatch(/\.$/)
  })
})
