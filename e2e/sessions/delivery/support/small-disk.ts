import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, writeSync, openSync, closeSync, fsyncSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file system in memory of a few MiB, that can be filled to its last byte. */
export class SmallDisk {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** Mounts one over a folder, which is created. */
  static mount(folder: string, mebibytes: number): SmallDisk {
    mkdirSync(folder, { recursive: true })
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=700`, 'tmpfs', folder], {
      stdio: 'pipe',
    })
    return new SmallDisk(folder)
  }

  /** Leaves no room for a single byte. */
  fill(): void {
    const file = openSync(this.#filler, 'a')
    try {
      for (const size of [1024 * 1024, 4096, 1]) this.#fillBy(file, size)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  }

  makeRoom(): void {
    rmSync(this.#filler, { force: true })
  }

  unmount(): void {
    execFileSync('umount', ['-l', this.#folder], { stdio: 'pipe' })
  }

  get #filler(): string {
    return join(this.#folder, 'filler')
  }

  #fillBy(file: number, size: number): void {
    const bytes = Buffer.alloc(size)
    try {
      for (;;) if (writeSync(file, bytes) < size) return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }
}

/** Why the tests with a full disk are left out, for their names; empty when they are not. */
export function missingSmallDisk(): string {
  const folder = mkdtempSync(join(tmpdir(), 'claude-agent-disk-'))
  try {
    SmallDisk.mount(folder, 1).unmount()
    return ''
  } catch (error) {
    return ` (left out: a tmpfs cannot be mounted here, ${(error as Error).message.split('\n')[0]})`
  } finally {
    rmdirSync(folder)
  }
}
