import { setTimeout as pause } from 'node:timers/promises'
import type { Rule } from 'scripted-claude'
import { expect, test, type World } from '../../support/test.ts'
import { isResult, numbersOf, partialText, range, textsOf, type Frame } from './support/frame.ts'
import { readLogText } from './support/log-file.ts'
import { talk, type Talk } from './support/speeches.ts'

const WORDS = 180

/** One message of many words, each a delta, in about two seconds. */
const slowMessage: Rule = {
  match: { lastUserText: { equals: 'speak slowly' } },
  steps: [{ text: (index) => `word${index} `, repeat: WORDS, pace: { deltaSize: 20, deltasPerSecond: 90 } }],
}

const whole = range(0, WORDS - 1)
  .map((index) => `word${index} `)
  .join('')

/** A session whose partial messages are told, with a turn that has begun to stream. */
async function streaming(world: World): Promise<Talk> {
  const made = await talk(world, [slowMessage])
  const { session } = made
  await session.request('', { method: 'PATCH', body: { options: { includePartialMessages: true } } })
  await session.prompt('speak slowly')
  return made
}

const isReplayed = ({ replayed }: Frame): boolean => replayed === true
const hasText = ({ data }: Frame): boolean => data?.event?.delta?.text !== undefined

/** Text of the events that were said before the reader came, and of those that came live. */
function split(frames: readonly Frame[]): { before: string; live: string } {
  return {
    before: partialText(frames.filter(isReplayed)),
    live: partialText(frames.filter((frame) => !isReplayed(frame))),
  }
}

test('Who comes in the middle of a message first gets what was said of it so far, each marked `replayed: true`, then the rest: the whole text, none of it twice', async ({
  world,
}) => {
  const { session } = await streaming(world)
  const first = session.listen()
  await first.next(({ data }) => data?.event?.delta?.text?.includes('word40 ') === true)
  const late = [session.listen(), session.stream(), session.listen('?after=latest')]
  await first.next(({ data }) => data?.event?.delta?.text?.includes('word100 ') === true)
  late.push(session.stream('?after=latest'), session.listen())
  await Promise.all([first, ...late].map((reader) => reader.next(isResult)))

  expect(partialText(first.frames)).toBe(whole)
  for (const { frames } of late) {
    const { before, live } = split(frames)
    expect(before.startsWith('word0 word1 ')).toBe(true)
    expect(live.endsWith(`word${WORDS - 1} `)).toBe(true)
    expect(before + live).toBe(whole)
    expect(textsOf(frames)).toEqual([whole])
    const firstLive = frames.findIndex((frame) => hasText(frame) && !isReplayed(frame))
    expect(frames.findLastIndex(isReplayed), 'the replayed ones come first').toBeLessThan(firstLive)
    expect(frames.find(isReplayed)?.data?.event?.type).toBe('message_start')
  }
})

test('The replayed events together replace what a reader has of a message, who comes back in the middle of it again and again', async ({
  world,
}) => {
  const { session } = await streaming(world)
  const { log } = await session.info()
  let text = ''
  let after = 0
  for (const words of [20, 45, 90, Infinity]) {
    const reader = session.listen(`?after=${log}:${after}`)
    let isFirstReplayed = true
    reader.onFrame = (frame) => {
      if (isReplayed(frame) && isFirstReplayed) {
        text = ''
        isFirstReplayed = false
      }
      text += partialText([frame])
    }
    await reader.next(
      (frame) => isResult(frame) || (hasText(frame) && text.includes(`word${words} `) && !isReplayed(frame)),
    )
    reader.onFrame = () => {}
    after = numbersOf(reader.frames).at(-1) ?? after
    reader.terminate()
  }
  expect(text).toBe(whole)
})

test('Partial messages are live only: they have no number, no page and no place on the disk', async ({
  world,
}) => {
  const { server, session } = await streaming(world)
  const listener = session.listen()
  await listener.next(isResult)
  const partial = listener.frames.filter(({ data }) => data?.type === 'stream_event')
  expect(partial.length).toBeGreaterThan(WORDS / 2)
  expect(partial.every(({ seq, at }) => seq === undefined && at === undefined)).toBe(true)
  await pause(200)
  expect((await session.pages()).some(({ data }) => data?.type === 'stream_event')).toBe(false)
  expect(readLogText(server, session.id)).not.toContain('"stream_event"')
  const late = session.listen()
  await late.caughtUp()
  expect(late.frames.some(isReplayed), 'nothing is being said').toBe(false)
  expect(textsOf(late.frames)).toEqual([whole])
})
