import { copyFile, open, readdir, rename, stat, truncate } from 'node:fs/promises'
import type { Seq } from '@claude-agent/protocol'
import { createLogId, readIdentity, writeIdentity, type LogIdentity } from './log-identity.ts'
import { parseSegmentName, segmentPath } from './segment-name.ts'
import { scanSegment, type Scan } from './segment-scan.ts'
import { Segment } from './segment.ts'

/** What a directory holds of a log. */
export interface Recovered {
  identity: LogIdentity
  segments: Segment[]
  lastSeq: Seq
}

interface Contents {
  segments: Segment[]
  lastSeq: Seq
  /** Whole lines did not hold, which no torn write explains. */
  isDamaged: boolean
}

/**
 * Reads what is there of a log, and cuts off an end that does not hold.
 *
 * After a crash of the process that is at most the batch whose `append` had not resolved: nobody was told of it, so
 * nothing is lost that was acknowledged, and the id stays. A loss of power may take what was written and not yet
 * synced: nothing of it was acknowledged, but readers may have seen it, and its numbers will be given again; so the log
 * gets a new id then, and every line is looked at, because blocks reach the disk in any order.
 */
export async function recoverLog(directory: string, boot: string | undefined): Promise<Recovered> {
  const found = await readIdentity(directory)
  const names = await readdir(directory)
  const firsts = names.flatMap((name) => parseSegmentName(name) ?? []).sort((a, b) => a - b)
  if (found?.closed !== undefined && (await endsAt(directory, firsts.at(-1), found.closed.bytes)))
    return { identity: found, segments: await trust(directory, firsts), lastSeq: found.closed.lastSeq }

  const isSameBoot = boot !== undefined && found?.boot === boot
  const hasLostPower = found?.closed === undefined && !isSameBoot
  const contents = await look(directory, firsts, hasLostPower)
  const hasLess = contents.isDamaged || contents.lastSeq < (found?.closed?.lastSeq ?? 0)
  if (found !== undefined && isSameBoot && found.closed === undefined && !hasLess)
    return { identity: found, ...contents }

  const id = found === undefined || hasLostPower || hasLess ? createLogId() : found.id
  const identity = { id, ...(boot === undefined ? {} : { boot }) }
  await writeIdentity(directory, identity, { durable: found !== undefined })
  return { identity, ...contents }
}

/** Whether the last segment is as long as it was when the log was closed. */
async function endsAt(directory: string, last: Seq | undefined, bytes: number): Promise<boolean> {
  if (last === undefined) return bytes === 0
  return (await stat(segmentPath(directory, last))).size === bytes
}

async function trust(directory: string, firsts: Seq[]): Promise<Segment[]> {
  const sizes = await Promise.all(firsts.map((first) => stat(segmentPath(directory, first))))
  return firsts.map((first, i) => new Segment(directory, first, sizes[i]!.size))
}

/** Looks at the last segment, or at all of them. At the first fault the log ends. */
async function look(directory: string, firsts: Seq[], thorough: boolean): Promise<Contents> {
  const trusted = thorough ? [] : firsts.slice(0, -1)
  const rest = firsts.slice(trusted.length)
  const segments = await trust(directory, trusted)
  let lastSeq = (rest[0] ?? 1) - 1
  for (const [i, first] of rest.entries()) {
    if (first !== lastSeq + 1)
      return { segments, lastSeq, isDamaged: await setAside(directory, rest.slice(i)) }
    const scan = await repair(segmentPath(directory, first), first, thorough)
    segments.push(new Segment(directory, first, scan.bytes, scan.index))
    lastSeq = scan.lastSeq
    if (scan.isDamaged) return { segments, lastSeq, isDamaged: await setAside(directory, rest.slice(i + 1)) }
  }
  return { segments, lastSeq, isDamaged: false }
}

/** Cuts off the end of a segment that does not hold; whole lines are kept in a copy for whoever wants to know. */
async function repair(path: string, first: Seq, thorough: boolean): Promise<Scan> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const scan = await scanSegment(file, first, size, thorough)
    if (scan.isDamaged) await copyFile(path, `${path}.damaged`)
    if (scan.bytes < size) await truncate(path, scan.bytes)
    return scan
  } finally {
    await file.close()
  }
}

async function setAside(directory: string, firsts: Seq[]): Promise<true> {
  const paths = firsts.map((first) => segmentPath(directory, first))
  await Promise.all(paths.map((path) => rename(path, `${path}.damaged`)))
  return true
}
