import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

const LOOK_MS = 200
/** Share of all cores that may be busy. */
const BUSY = 0.2
let patienceMs = 10_000
let gaveUp = 0

/** How long to wait for rest. */
export function setPatience(ms) {
  patienceMs = ms
}

/**
 * Resolves when the machine is at rest: what a measurement left to do is done, and others leave the cores alone.
 * On a machine that is never at rest it goes on after 10 s, or as `setPatience` says, and counts that.
 */
export async function untilQuiet() {
  const deadline = Date.now() + patienceMs
  for (let last = readTimes(); ;) {
    await sleep(LOOK_MS)
    const now = readTimes()
    if (1 - (now.idle - last.idle) / (now.total - last.total) <= BUSY) return
    if (Date.now() > deadline) {
      gaveUp += 1
      return
    }
    last = now
  }
}

/** How many measurements began on a machine that others kept busy. */
export function countUnquiet() {
  return gaveUp
}

function readTimes() {
  const times = cpus().map((core) => core.times)
  const sum = (kinds) =>
    times.reduce((total, time) => total + kinds.reduce((part, kind) => part + time[kind], 0), 0)
  return { idle: sum(['idle']), total: sum(['user', 'nice', 'sys', 'idle', 'irq']) }
}
