import { expect, test } from 'vitest'
import { Room } from '../src/model/pieces.ts'
import { RequestBody } from '../src/model/request-body.ts'

const KIB = 1024
const ROOM = 1024 * KIB

/** A line that cannot be held, as that of a page. */
const line = { pause: () => {}, resume: () => {} }

test('bodies that must be kept are refused when all lines together have no room for them', async () => {
  const room = new Room(ROOM)
  const bodies = [1, 2, 3].map(() => new RequestBody(line, room))
  const wholes = bodies.map((body) => body.whole().then(({ length }) => length, String))
  for (let i = 0; i < 8; i += 1) for (const body of bodies) body.push(new Uint8Array(60 * KIB))
  for (const body of bodies) body.end()
  const outcomes = await Promise.all(wholes)
  expect(outcomes.filter((outcome) => outcome === 480 * KIB).length).toBe(2)
  expect(outcomes.find((outcome) => typeof outcome === 'string')).toContain(
    'larger than what the client keeps',
  )
  for (const body of bodies) body.discard()
  expect(room.left).toBe(ROOM)
})

test('streams of lines that cannot be held are refused too, and give back what is read', async () => {
  const room = new Room(ROOM)
  const body = new RequestBody(line, room)
  const reader = body.stream().getReader()
  for (let round = 0; round < 4; round += 1) {
    body.push(new Uint8Array(ROOM))
    for (let size = 0; size < ROOM;) size += (await reader.read()).value!.length
    expect(room.left).toBe(ROOM)
  }
  body.push(new Uint8Array(ROOM))
  body.push(new Uint8Array(1))
  await expect(reader.read()).rejects.toMatchObject({ code: 'body_too_large' })
  expect(room.left).toBe(ROOM)
})

test('frames of one byte, and of none, take no more room than their bytes', async () => {
  const room = new Room(ROOM)
  const body = new RequestBody(line, room)
  const whole = body.whole(100 * KIB)
  const frame = new Uint8Array(64 * KIB)
  for (let i = 0; i < 100 * KIB; i += 1) {
    frame[0] = i % 251
    body.push(frame.subarray(0, 1))
    body.push(frame.subarray(0, 0))
  }
  expect(room.left).toBe(ROOM - 128 * KIB)
  body.end()
  expect(await whole).toEqual(Uint8Array.from({ length: 100 * KIB }, (_, i) => i % 251))
})

test('what is cancelled, or comes when nobody wants it, is not kept', () => {
  const room = new Room(ROOM)
  const body = new RequestBody(line, room)
  body.push(new Uint8Array(ROOM))
  expect(room.left).toBe(0)
  body.cancel()
  body.push(new Uint8Array(ROOM))
  expect(room.left).toBe(ROOM)
})
