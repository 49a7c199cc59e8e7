import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { signal } from '../processes.ts'
import { pause, until } from '../until.ts'

const PROBE = fileURLToPath(new URL('probe.mjs', import.meta.url))
const MIB = 1024 * 1024
/** Readings of which the lowest counts: buffers are given back a moment after they were found. */
const READINGS = 3

/** The variables with which a server in a folder can be measured. */
export function measured(folder: string): Record<string, string> {
  return { NODE_OPTIONS: `--import ${PROBE}`, HELD_MEMORY_FILE: fileIn(folder) }
}

/**
 * What a server holds, in MiB, heap and buffers, with its garbage collected: how much of that lies around at a moment,
 * as its resident memory has it, says how busy the machine is.
 */
export async function heldMiB({ pid, folder }: { pid: number; folder: string }): Promise<number> {
  const readings: number[] = []
  for (; readings.length < READINGS; await pause(50)) {
    await rm(fileIn(folder), { force: true })
    signal(pid, 'SIGUSR2')
    const read = (): Promise<string | undefined> => readFile(fileIn(folder), 'utf8').catch(() => undefined)
    readings.push(Number(await until('the server tells what it holds', read)) / MIB)
  }
  return Math.min(...readings)
}

function fileIn(folder: string): string {
  return join(folder, 'held-memory')
}
