import { createHmac, randomBytes } from 'node:crypto'
import { openSync, readSync } from 'node:fs'

/** What one draw may ask for: the size of a digest. */
const MAX_SIZE = 64

/** What tells this process from copies of its memory. A state of a module: a process has one source of chance. */
let own: Buffer = Buffer.alloc(0)
/** The kernel's generator, open from the first draw on: every prompt draws. Null where there is none. */
let kernel: number | null | undefined

/** Makes all that is drawn from here on depend on a secret that no other copy of this process was given. */
export function mixIn(secret: string): void {
  own = Buffer.from(secret)
}

/**
 * Bytes that nobody can guess, and that differ between copies of this process. What Node draws does not: OpenSSL keeps
 * its generator in memory, seeded at the start of the process, so that sandboxes from one snapshot draw the same.
 * @param size bytes, 64 at most
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

/** @param size bytes, 64 at most */
export function deriveBytes(fresh: Buffer, salt: Buffer, size: number): Buffer {
  if (size > MAX_SIZE) throw new RangeError(`At most ${MAX_SIZE} bytes are drawn at once, not ${size}.`)
  return createHmac('sha512', salt).update(fresh).digest().subarray(0, size)
}

/** The kernel learns from a good hypervisor that its machine is a copy. Empty where there is none to ask. */
function readKernel(size: number): Buffer {
  kernel ??= openKernel()
  if (kernel === null) return Buffer.alloc(0)
  const bytes = Buffer.alloc(size)
  return bytes.subarray(0, readSync(kernel, bytes))
}

function openKernel(): number | null {
  try {
    return openSync('/dev/urandom', 'r')
  } catch {
    return null
  }
}
