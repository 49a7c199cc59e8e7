import { isLogged } from '@claude-agent/protocol'
import { expect, onTestFinished, test } from 'vitest'
import type { Entry } from '../../src/log/entry.ts'
import type { EventLog } from '../../src/log/event-log.ts'
import { Feed } from '../../src/log/feed.ts'
import { MemoryLog } from '../../src/log/memory-log.ts'
import { until } from '../support.ts'
import { createRandom } from './random.ts'
import { blockStart, messageStart, messageStop, Page, textDelta, whole } from './stream.ts'
import { range, TestSink, wrap } from './support.ts'

const SEEDS = 150
const STEPS = 400

type Random = (bound: number) => number

/** Lets a random number of microtasks, then sometimes turns of the event loop, go by. */
async function wait(random: Random): Promise<void> {
  for (let i = random(4); i > 0; i -= 1) await Promise.resolve()
  if (random(3) === 0) await new Promise((go) => setImmediate(go))
}

/** A log in which everything takes its time. */
function createLog(random: Random): EventLog {
  const log = new MemoryLog()
  return wrap(log, {
    append: async (drafts) => {
      await wait(random)
      const entries = await log.append(drafts)
      await wait(random)
      return entries
    },
    read: (after) => slowly(log.read(after), random),
  })
}

async function* slowly(
  batches: AsyncIterable<readonly Entry[]>,
  random: Random,
): AsyncGenerator<readonly Entry[]> {
  for await (const batch of batches) {
    await wait(random)
    // Small pieces, so that there are many moments at which something can come in between.
    for (let start = 0; start < batch.length;) {
      const end = start + 1 + random(20)
      yield batch.slice(start, end)
      start = end
      await wait(random)
    }
  }
}

/** An agent that streams messages of numbered words; what it has said is the truth that pages are held against. */
class Speaker {
  readonly said = new Map<string, string>()
  readonly #feed: Feed
  readonly #random: Random
  #message = ''
  #words = 0

  constructor(feed: Feed, random: Random) {
    this.#feed = feed
    this.#random = random
  }

  speak(): void {
    const roll = this.#random(12)
    if (this.#message === '') this.begin()
    else if (roll === 0) this.#end()
    else if (roll < 4) this.#feed.publish({ type: 'info', data: 'meanwhile' })
    else this.word()
  }

  begin(): void {
    if (this.#message !== '') this.#end()
    this.#message = `message ${this.said.size}`
    this.said.set(this.#message, '')
    this.#feed.publishEphemeral(messageStart(this.#message))
    this.#feed.publishEphemeral(blockStart(0))
  }

  word(): void {
    const text = `${(this.#words += 1)} `
    this.said.set(this.#message, this.said.get(this.#message)! + text)
    this.#feed.publishEphemeral(textDelta(text))
  }

  get message(): string {
    return this.#message
  }

  #end(): void {
    this.#feed.publish(whole('assistant'))
    this.#feed.publishEphemeral(messageStop())
    this.#message = ''
  }
}

/** A reader that notes what it must not see: holes, doubles, and text that the agent has not said so. */
class Witness extends TestSink {
  readonly page = new Page()
  readonly after: number
  readonly #speaker: Speaker

  constructor(after: number, speaker: Speaker) {
    super()
    this.after = after
    this.#speaker = speaker
  }

  override write(entries: readonly Entry[]): void {
    super.write(entries)
    for (const { event } of entries) {
      this.page.show(event)
      const isOfMessage = !isLogged(event) && this.page.message !== ''
      if (isOfMessage) expect(this.#speaker.said.get(this.page.message)).toContain(this.page.text)
      if (isOfMessage)
        expect(this.#speaker.said.get(this.page.message)!.startsWith(this.page.text)).toBe(true)
    }
  }
}

test.each(range(1, SEEDS))(
  'schedule %i: each reader gets each event once, in order, and the text of each message without a seam',
  async (seed) => {
    const random = createRandom(seed)
    const feed = new Feed(createLog(random))
    onTestFinished(() => feed.close())
    const speaker = new Speaker(feed, random)
    const witnesses: Witness[] = []
    for (let step = 0; step < STEPS; step += 1) {
      const roll = random(20)
      if (roll < 14) speaker.speak()
      else if (roll === 14 && witnesses.length < 12) {
        const witness = new Witness(random(feed.lastSeq + 1), speaker)
        witnesses.push(witness)
        feed.attach(witness, witness.after)
      } else if (roll < 17) {
        const witness = witnesses[random(witnesses.length)]
        witness?.stall()
        if (witness !== undefined && random(2) === 0) witness.buffered = 2 * 1024 * 1024
      } else if (roll < 19) witnesses[random(witnesses.length)]?.wake()
      await wait(random)
    }
    speaker.begin()
    speaker.word()
    for (const witness of witnesses) witness.wake()
    await feed.settled()
    speaker.word()
    await feed.settled()
    for (const witness of witnesses) {
      await until(
        'it caught up',
        () => witness.caughtUpAt.length === 1 && witness.seqs.at(-1) === feed.lastSeq,
      )
      await until('it is live', () => witness.page.text === speaker.said.get(speaker.message))
      expect(witness.seqs).toEqual(range(witness.after + 1, feed.lastSeq))
      expect(witness.failures).toEqual([])
      expect(witness.gaps).toEqual([])
    }
  },
)
