import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { Intake } from '../../src/stdio/intake.ts'

function create(stdin = new PassThrough()) {
  const lines: string[] = []
  const intake = new Intake({
    maxLineBytes: 1000,
    stdin,
    isAlive: () => true,
    hear: (line) => {
      lines.push(String(line).trim())
      stdin.write(line ?? '')
    },
    onTook: () => {},
  })
  return { intake, lines, stdin }
}

const turn = (): Promise<void> => new Promise((go) => setImmediate(go))

test.each([0, 1, 2, 3, 4, 5])(
  'what comes %i microtasks after something else is taken as well',
  async (count) => {
    const { intake, lines } = create()
    void intake.push(Buffer.from('one\n'))
    for (let n = 0; n < count; n += 1) await Promise.resolve()
    void intake.push(Buffer.from('two\n'))
    await turn()
    expect(lines).toEqual(['one', 'two'])
    expect(intake.taken).toBe(8)
  },
)

test('an agent that takes nothing is waited for, and ends when all that came was taken', async () => {
  const { intake, lines, stdin } = create(new PassThrough({ highWaterMark: 2 }))
  void intake.push(Buffer.from('one\ntwo\n'))
  intake.end()
  await turn()
  expect(lines).toEqual(['one'])
  expect(intake).toMatchObject({ received: 8, taken: 0 })
  let text = ''
  for await (const bytes of stdin) text += String(bytes)
  expect(text).toBe('one\ntwo\n')
  expect(intake.taken).toBe(8)
})
