import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'

const MIB = 1024 * 1024

/** A small disk of its own for the data directory, which can be filled. Only root may mount one. */
export class Disk {
  readonly #folder: string
  readonly #filler: string
  #isFull = false

  private constructor(folder: string) {
    this.#folder = folder
    this.#filler = join(folder, 'filler')
  }

  /** Mounts it; a text says why that cannot be done here. */
  static mount(folder: string, sizeMiB: number): Disk | string {
    if (process.getuid?.() !== 0) return 'only root may mount a tmpfs'
    try {
      mkdirSync(folder, { recursive: true })
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m,mode=700`, 'chaos', folder], {
        stdio: 'pipe',
      })
      return new Disk(folder)
    } catch (error) {
      return `a tmpfs cannot be mounted here: ${(error as Error).message.trim().split('\n').at(-1)}`
    }
  }

  get isFull(): boolean {
    return this.#isFull
  }

  /** Leaves no byte. */
  async fill(): Promise<void> {
    this.#isFull = true
    const file = await open(this.#filler, 'w')
    try {
      for (let bytes = Buffer.alloc(MIB); bytes.length > 0;) {
        try {
          await file.appendFile(bytes)
        } catch {
          bytes = bytes.subarray(0, Math.floor(bytes.length / 2))
        }
      }
    } finally {
      await file.close()
    }
  }

  async free(): Promise<void> {
    await rm(this.#filler, { force: true })
    this.#isFull = false
  }

  unmount(): void {
    execFileSync('umount', ['-l', this.#folder], { stdio: 'pipe' })
  }
}
