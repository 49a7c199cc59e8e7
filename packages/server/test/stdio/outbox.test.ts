import { expect, test } from 'vitest'
import { Outbox } from '../../src/stdio/outbox.ts'

const text = (chunks: readonly Buffer[] | undefined): string | undefined =>
  chunks && Buffer.concat(chunks).toString()

test('bytes come again from any offset that was not acknowledged', () => {
  const outbox = new Outbox()
  for (const part of ['abc', 'de', 'fghi']) outbox.append(Buffer.from(part))
  expect(outbox.end).toBe(9)
  expect(text(outbox.from(0))).toBe('abcdefghi')
  expect(text(outbox.from(4))).toBe('efghi')
  expect(outbox.from(3)).toBeUndefined()
  expect(outbox.from(10)).toBeUndefined()
  outbox.acknowledge(9)
  expect(text(outbox.from(9))).toBe('')
  outbox.acknowledge(2)
  expect(outbox.end).toBe(9)
})

test('it is full beyond 1 MiB, and has room again once enough was acknowledged', async () => {
  const outbox = new Outbox()
  outbox.append(Buffer.alloc(1024 * 1024))
  expect(outbox.isFull).toBe(false)
  outbox.append(Buffer.alloc(10))
  expect(outbox.isFull).toBe(true)
  let hasRoom = false
  const room = outbox.room().then(() => (hasRoom = true))
  outbox.acknowledge(5)
  await Promise.resolve()
  expect(hasRoom).toBe(false)
  outbox.acknowledge(10)
  await room
  expect(outbox.isFull).toBe(false)
})

test('one that is abandoned holds nobody back', async () => {
  const outbox = new Outbox()
  outbox.append(Buffer.alloc(2 * 1024 * 1024))
  outbox.abandon()
  await outbox.room()
  outbox.append(Buffer.alloc(2 * 1024 * 1024))
  expect(outbox.isFull).toBe(false)
  expect(outbox.end).toBe(4 * 1024 * 1024)
})
