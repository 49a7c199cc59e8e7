import { describe, expect, test } from 'vitest'
import { AgentServerError, CLOSE_CODES, ERRORS, parseErrorBody, type ErrorKind } from '../src/index.ts'

describe('an error', () => {
  const error = new AgentServerError({
    code: 'queue_full',
    message: '100 prompts wait already.',
    hint: 'Wait.',
    retryAfterMs: 1000,
    cause: new Error('inside'),
  })

  test('is an Error with a code, and keeps its cause', () => {
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({
      name: 'AgentServerError',
      code: 'queue_full',
      message: '100 prompts wait already.',
    })
    expect(error.cause).toEqual(new Error('inside'))
  })

  test('goes over the wire without its cause and its stack', () => {
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      error: '100 prompts wait already.',
      code: 'queue_full',
      hint: 'Wait.',
      retryAfterMs: 1000,
    })
  })

  test('without a hint has no empty fields on the wire', () => {
    expect(new AgentServerError({ code: 'internal', message: 'x' }).toJSON()).toEqual({
      error: 'x',
      code: 'internal',
    })
  })

  test('comes back as it was', () => {
    expect(parseErrorBody(JSON.parse(JSON.stringify(error)))).toMatchObject({
      code: 'queue_full',
      message: '100 prompts wait already.',
      hint: 'Wait.',
      retryAfterMs: 1000,
    })
  })
})

test.each([
  null,
  undefined,
  'x',
  7,
  [],
  {},
  { error: 'x' },
  { code: 'internal' },
  { error: 7, code: 'internal' },
  { error: 'x', code: 'toString' },
  { error: 'x', code: 'not_ours' },
])('%j is no error of ours', (body) => {
  expect(parseErrorBody(body)).toBeUndefined()
})

test('fields of a wrong type are left out', () => {
  expect(parseErrorBody({ error: 'x', code: 'internal', hint: 7, retryAfterMs: 'soon' })).toMatchObject({
    hint: undefined,
    retryAfterMs: undefined,
  })
})

test('every close code that an error has is documented with the same advice', () => {
  for (const [code, kind] of Object.entries(ERRORS) as [string, ErrorKind][]) {
    if (kind.close === undefined) continue
    expect(CLOSE_CODES, code).toHaveProperty(String(kind.close))
    expect(CLOSE_CODES[kind.close as keyof typeof CLOSE_CODES].retry, code).toBe(kind.retry)
  }
})
