import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'

/** Fields of `/proc/self/stat` behind the name of the program: where the first environment begins and ends. */
const ENV_START = 47
const ENV_END = 48

/**
 * Overwrites secrets in the environment that this process was started with, so that `/proc/<id>/environ`, which other
 * processes of this user can read, an agent's tools for instance, no longer shows them. Call it once they were read.
 * Linux only, and as well as it can: returns whether it was done.
 */
export function scrubEnvironment(names: readonly string[]): boolean {
  if (process.platform !== 'linux') return false
  try {
    // The name of the program stands in parentheses and may hold spaces and parentheses itself.
    const stat = readFileSync('/proc/self/stat', 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const start = Number(fields[ENV_START])
    const block = readFileSync('/proc/self/environ').subarray(0, Number(fields[ENV_END]) - start)
    const memory = openSync('/proc/self/mem', 'r+')
    try {
      for (const [offset, length] of findValues(block, names))
        writeSync(memory, Buffer.alloc(length), 0, length, start + offset)
    } finally {
      closeSync(memory)
    }
    return true
  } catch {
    return false
  }
}

/** Where the values of variables stand in a block of NUL-terminated `NAME=value`. */
function findValues(block: Buffer, names: readonly string[]): [offset: number, length: number][] {
  const found: [number, number][] = []
  for (let start = 0; start < block.length;) {
    const stop = block.indexOf(0, start)
    const end = stop === -1 ? block.length : stop
    const equals = block.indexOf('=', start)
    if (
      equals !== -1 &&
      equals < end &&
      names.includes(block.toString('utf8', start, equals)) &&
      end > equals + 1
    ) {
      found.push([equals + 1, end - equals - 1])
    }
    start = end + 1
  }
  return found
}
