import { hkdfSync, randomBytes } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'

/** What tells this process from copies of its memory. The one state of a module: a process has one source of chance. */
let own: Buffer = Buffer.alloc(0)

/** Makes all that is drawn from here on depend on a secret that no other copy of this process was given. */
export function mixIn(secret: string): void {
  own = Buffer.from(secret)
}

/**
 * Bytes that nobody can guess, and that differ between copies of this process. What Node draws does not: OpenSSL keeps
 * its generator in memory, seeded at the start of the process, so that sandboxes from one snapshot draw the same.
 */
export function drawBytes(size: number): Buffer {
  return deriveBytes(Buffer.concat([readKernel(32), randomBytes(32)]), own, size)
}

/** A UUID of version 4 from such bytes. */
export function drawUuid(): string {
  const bytes = drawBytes(16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

export function deriveBytes(fresh: Buffer, salt: Buffer, size: number): Buffer {
  return Buffer.from(hkdfSync('sha256', fresh, salt, 'claude-agent-server', size))
}

/** The kernel learns from a good hypervisor that its machine is a copy. Empty where there is none to ask. */
function readKernel(size: number): Buffer {
  const bytes = Buffer.alloc(size)
  try {
    const file = openSync('/dev/urandom', 'r')
    try {
      return bytes.subarray(0, readSync(file, bytes))
    } finally {
      closeSync(file)
    }
  } catch {
    return bytes.subarray(0, 0)
  }
}
