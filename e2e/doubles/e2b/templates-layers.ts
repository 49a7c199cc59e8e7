import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeBase } from './templates-base.ts'

/**
 * The roots after each step that went well, by the chain of steps that led there; a step whose chain is known is not run
 * again, as on E2B. Files that a step leaves alone are shared between layers by hard links, so a step that writes into a
 * file in place would change earlier layers; programs that replace files do not.
 */
export class Layers {
  readonly #folder: string
  #number = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  /** The key of a chain: what it was before, and what is done next. */
  key(before: string, step: unknown): string {
    return createHash('sha256').update(before).update(JSON.stringify(step)).digest('hex').slice(0, 32)
  }

  has(key: string): boolean {
    return existsSync(this.place(key))
  }

  place(key: string): string {
    return join(this.#folder, key)
  }

  async base(key: string): Promise<void> {
    await this.add(key, undefined, makeBase)
  }

  /** Makes a layer from another one; what fails leaves nothing. */
  async add(key: string, before: string | undefined, change: (root: string) => Promise<void>): Promise<void> {
    if (this.has(key)) return
    const work = await this.copy(before)
    try {
      await change(work)
      await rename(work, this.place(key))
    } catch (error) {
      await rm(work, { recursive: true, force: true })
      throw error
    }
  }

  /** A copy of a layer to work in; who asks for it removes it. */
  async copy(key: string | undefined): Promise<string> {
    await mkdir(this.#folder, { recursive: true })
    const work = join(this.#folder, `work-${(this.#number += 1)}`)
    if (key === undefined) await mkdir(work, { mode: 0o755 })
    else await promisify(execFile)('cp', ['-al', this.place(key), work])
    return work
  }
}
