import { plainUp } from '@claude-agent/protocol/schema'
import { describe, expect, test } from 'vitest'
import { readFrame } from '../../src/transport/frame.ts'

const read = (text: string, isBinary = false, maxBytes = 1000) =>
  readFrame(plainUp, Buffer.from(text), isBinary, maxBytes)
const refusal = (code: string, words: string): Error =>
  expect.objectContaining({
    code,
    message: expect.stringContaining(words) as string,
    hint: expect.any(String) as string,
  }) as Error

describe('a good frame', () => {
  test('is given as it came, with fields that nobody knows', () => {
    const frame = {
      type: 'user_message',
      data: { type: 'user', message: { role: 'user', content: 'hi', more: 1 }, extra: [1] },
    }
    expect(read(JSON.stringify(frame))).toEqual(frame)
  })

  test('may have content blocks of any kind', () => {
    const content = [{ type: 'text', text: 'x' }, { type: 'image', source: {} }, { type: 'a_new_one' }]
    expect(
      read(
        JSON.stringify({ type: 'user_message', data: { type: 'user', message: { role: 'user', content } } }),
      ),
    ).toBeDefined()
  })

  test('may be an interrupt', () => {
    expect(read('{"type":"interrupt"}')).toEqual({ type: 'interrupt' })
  })
})

describe('a bad frame is refused with where it is wrong', () => {
  const user = (data: unknown): string => JSON.stringify({ type: 'user_message', data })
  test.each([
    ['{nope', 'invalid_json', 'Invalid JSON'],
    ['', 'invalid_json', 'Invalid JSON'],
    ['null', 'unknown_type', 'none'],
    ['[]', 'unknown_type', 'none'],
    ['"interrupt"', 'unknown_type', 'none'],
    ['{}', 'unknown_type', 'none'],
    ['{"type":"nope"}', 'unknown_type', 'nope'],
    ['{"type":"toString"}', 'unknown_type', 'toString'],
    ['{"type":"__proto__"}', 'unknown_type', '__proto__'],
    [`{"type":"${'x'.repeat(500)}"}`, 'unknown_type', 'xxx…'],
    ['{"type":"user_message"}', 'invalid_message', "'data'"],
    [user({ type: 'user' }), 'invalid_message', "'data.message'"],
    [user({ type: 'assistant', message: { role: 'user', content: '' } }), 'invalid_message', "'data.type'"],
    [
      user({ type: 'user', message: { role: 'assistant', content: '' } }),
      'invalid_message',
      "'data.message.role'",
    ],
    [user({ type: 'user', message: { role: 'user' } }), 'invalid_message', "'data.message.content'"],
    [
      user({ type: 'user', message: { role: 'user', content: 7 } }),
      'invalid_message',
      "'data.message.content'",
    ],
    [
      user({ type: 'user', message: { role: 'user', content: [{ type: 'text' }] } }),
      'invalid_message',
      "'data.message.content",
    ],
    [
      user({ type: 'user', message: { role: 'user', content: ['x'] } }),
      'invalid_message',
      "'data.message.content",
    ],
    [
      user({ type: 'user', uuid: '', message: { role: 'user', content: '' } }),
      'invalid_message',
      "'data.uuid'",
    ],
  ])('%s → %s', (text, code, words) => {
    expect(() => read(text)).toThrow(refusal(code, words))
  })

  test('a binary one, and one over the limit, without being read', () => {
    expect(() => read('{"type":"interrupt"}', true)).toThrow(refusal('binary_frame', 'binary'))
    expect(() => read('x'.repeat(1001))).toThrow(refusal('frame_too_large', '1001 bytes'))
  })

  test('one that is nested deeper than anything that could handle it', () => {
    const nested = (levels: number): string =>
      `{"type":"user_message","data":{"type":"user","message":{"role":"user","content":"x"},"extra":${'['.repeat(levels)}${']'.repeat(levels)}}}`
    expect(() => read(nested(150))).not.toThrow()
    for (const levels of [250, 400])
      expect(() => read(nested(levels))).toThrow(refusal('invalid_message', 'deep'))
  })

  test('and never with the value, which may be a secret', () => {
    expect(() => read(user({ type: 'user', message: 'sk-secret' }))).not.toThrow('sk-secret')
  })
})
