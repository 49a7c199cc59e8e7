import { join } from 'node:path'
import { describeDisk } from '../disk.mjs'
import { sampleEvent, toDraft } from '../history.mjs'
import { untilQuiet } from '../quiet.mjs'
import { median } from '../statistics.mjs'

const EVENTS = 50_000
const BATCH = 100
const LEAST = 50_000

/** How fast events become durable: the server's own log and feed in this process, JSON and all. */
export const append = {
  name: 'append',
  what: 'durable appends of 300-byte events',
  unit: 'events/s',
  bound: '≥ 50,000/s',
  async measure(lab, { pairs: count }) {
    const folder = await lab.folder('append')
    const { JsonlLog } = await lab.product('log/jsonl-log.js')
    const { Feed } = await lab.product('log/feed.js')
    const events = Array.from({ length: BATCH }, sampleEvent)
    const sides = { log: [], feed: [] }
    let runs = 0
    const run = async (work) => {
      await untilQuiet()
      const log = await JsonlLog.open(join(folder, String((runs += 1))))
      const result = await time(() => work(log))
      if (log.lastSeq !== EVENTS) throw new Error(`The log has ${log.lastSeq} of ${EVENTS} events.`)
      await log.close()
      return result
    }
    const rounds = Math.max(3, Math.ceil(count / 3))
    for (let round = -1; round < rounds; round += 1) {
      const log = await run((log) => fillLog(log, events))
      const feed = await run((log) => fillFeed(log, events, Feed))
      if (round < 0) continue
      sides.log.push(log)
      sides.feed.push(feed)
    }
    const of = `${rounds} × ${EVENTS} events, ${await describeDisk(folder)}`
    const line = (detail, runs) => {
      const rate = median(runs.map((run) => run.rate))
      const cpu = median(runs.map((run) => run.cpu))
      const measured = `${rate.toFixed(0)}/s (${cpu.toFixed(0)} % of a core)`
      return { detail, measured, isReached: rate >= LEAST, of }
    }
    const lines = [
      line(`JsonlLog, fdatasync per ${BATCH}`, sides.log),
      line('Feed, saturated, durable before it is handed out', sides.feed),
    ]
    return { ...sides, lines, isReached: lines.every(({ isReached }) => isReached) }
  },
}

async function fillLog(log, events) {
  for (let done = 0; done < EVENTS; done += BATCH) {
    await log.append(events.map(toDraft))
    await log.sync()
  }
}

async function fillFeed(log, events, Feed) {
  const feed = new Feed(log, { durability: 'always' })
  let heard = 0
  const sink = { write: (entries) => (heard += entries.length), buffered: 0, drained: async () => {} }
  const reader = feed.attach(sink, 0)
  for (let done = 0; done < EVENTS; done += BATCH) {
    for (const event of events) feed.publish(event)
    await feed.room()
  }
  await feed.settled()
  reader.stop()
  if (heard !== EVENTS) throw new Error(`The reader got ${heard} of ${EVENTS} events.`)
}

/** Events per second, and what all threads of this process took of a core. */
async function time(work) {
  const [cpu, from] = [process.cpuUsage(), performance.now()]
  await work()
  const ms = performance.now() - from
  const { user, system } = process.cpuUsage(cpu)
  return { rate: (EVENTS * 1000) / ms, cpu: (user + system) / 10 / ms }
}
