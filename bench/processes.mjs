import { readdir, readFile, readlink, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const PARKED_MS = 120_000

/** What a process has used so far: clock ticks (10 ms each) as `ps` counts them, and milliseconds on a core. */
async function readCpu(id) {
  const stat = await readFile(`/proc/${id}/stat`, 'latin1')
  const [utime, stime] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14)
  const threads = await readdir(`/proc/${id}/task`)
  const spent = threads.map((thread) =>
    readFile(`/proc/${id}/task/${thread}/schedstat`, 'latin1').catch(() => '0'),
  )
  const nanoseconds = (await Promise.all(spent)).reduce((sum, text) => sum + Number(text.split(' ')[0]), 0)
  return { ticks: Number(utime) + Number(stime), milliseconds: nanoseconds / 1e6 }
}

/** The memory of a process in MB (10^6 bytes): all that is resident, and its share of it. */
export async function readMemory(id) {
  const rollup = await readFile(`/proc/${id}/smaps_rollup`, 'latin1')
  const field = (name) => (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1]) * 1024) / 1e6
  return { rss: field('Rss'), pss: field('Pss') }
}

/** What a process uses over a time without work: CPU in per cent of a core, and its memory at the end. */
export async function watch(id, ms) {
  const before = await readCpu(id)
  await sleep(ms)
  const after = await readCpu(id)
  const busyMs = after.milliseconds - before.milliseconds
  return {
    seconds: ms / 1000,
    ticks: after.ticks - before.ticks,
    busyMs,
    cpu: (busyMs / ms) * 100,
    ...(await readMemory(id)),
  }
}

/** CPU of a process in per cent of a core while something is done. */
export async function watchDuring(id, work) {
  const [before, from] = [await readCpu(id), performance.now()]
  const result = await work()
  const [after, to] = [await readCpu(id), performance.now()]
  return { result, cpu: ((after.milliseconds - before.milliseconds) / (to - from)) * 100 }
}

/** The most memory in MB that was resident at once since `forgetPeak()`. */
export async function readPeak(id) {
  const status = await readFile(`/proc/${id}/status`, 'latin1')
  return (Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1024) / 1e6
}

/** Lets the kernel count the peak of a process's memory anew. */
export async function forgetPeak(id) {
  await writeFile(`/proc/${id}/clear_refs`, '5')
}

/**
 * Resolves once an agent of the server is there, and for a second neither it nor the server has had anything to do,
 * nor was it replaced: it has started, and waits for its first prompt.
 */
export async function untilParked(server) {
  const deadline = Date.now() + PARKED_MS
  for (let quiet = 0, last = await look(server); quiet < 5;) {
    if (Date.now() > deadline) throw new Error(`The server's agent was not ready within ${PARKED_MS} ms.`)
    await sleep(200)
    const now = await look(server)
    const isQuiet =
      now.agents !== '' && now.agents === last.agents && now.milliseconds - last.milliseconds <= 5
    quiet = isQuiet ? quiet + 1 : 0
    last = now
  }
}

/** Which agents a server has, and what they and it have spent. */
async function look(server) {
  const children = await readChildren(server)
  const programs = await Promise.all(children.map((id) => readlink(`/proc/${id}/exe`).catch(() => '')))
  const agents = children.filter((_, index) => basename(programs[index]) === 'claude')
  const spent = await Promise.all(
    [server, ...agents].map((id) => readCpu(id).catch(() => ({ milliseconds: 0 }))),
  )
  return {
    agents: agents.join(),
    milliseconds: spent.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
  }
}

/** The processes that a process has started and that live. */
async function readChildren(id) {
  const text = await readFile(`/proc/${id}/task/${id}/children`, 'latin1')
  return text.split(' ').filter(Boolean).map(Number)
}
