import type { PlainDown } from '@claude-agent/protocol'
import { expect, test } from 'vitest'
import { Redelivery } from '../src/redelivery.ts'
import { whole } from './peer.ts'

const message = (data: unknown): PlainDown => ({ type: 'sdk_message', data }) as PlainDown

test('the second message with a uuid is a repeat', () => {
  const redelivery = new Redelivery()
  expect(redelivery.isRepeat(whole('a') as PlainDown)).toBe(false)
  expect(redelivery.isRepeat(whole('b') as PlainDown)).toBe(false)
  expect(redelivery.isRepeat(whole('a') as PlainDown)).toBe(true)
})

test('partial messages, messages without a uuid and other frames are never repeats', () => {
  const redelivery = new Redelivery()
  const frames = [
    message({ type: 'stream_event', uuid: 'a' }),
    message({ type: 'assistant' }),
    message({ type: 'assistant', uuid: 7 }),
    message(null),
    message(undefined),
    { type: 'connected' },
    { type: 'info', data: 'x' },
  ] as PlainDown[]
  for (const frame of [...frames, ...frames]) expect(redelivery.isRepeat(frame)).toBe(false)
})

test('memory is bounded: the oldest uuid is forgotten first', () => {
  const redelivery = new Redelivery(3)
  for (const uuid of ['a', 'b', 'c', 'd']) redelivery.isRepeat(whole(uuid) as PlainDown)
  expect(['b', 'c', 'd'].map((uuid) => redelivery.isRepeat(whole(uuid) as PlainDown))).toEqual([
    true,
    true,
    true,
  ])
  expect(redelivery.isRepeat(whole('a') as PlainDown)).toBe(false)
})

test('10,000 uuids are remembered', () => {
  const redelivery = new Redelivery()
  for (let index = 0; index < 10_000; index += 1) redelivery.isRepeat(whole(`${index}`) as PlainDown)
  expect(redelivery.isRepeat(whole('0') as PlainDown)).toBe(true)
})
