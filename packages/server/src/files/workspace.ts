import { constants } from 'node:fs'
import { mkdir, open, readlink, realpath, type FileHandle } from 'node:fs/promises'
import { join, posix, resolve } from 'node:path'
import { AgentServerError } from '@claude-agent/protocol'
import { createHeldDirectory, createNamedDirectory, openPlace, type Directory } from './directory.ts'
import { notAFile } from './entry.ts'
import { isInside, outsideWorkspace, parsePath } from './path.ts'
import { KeyedQueue } from './queue.ts'
import { hasSystemCode, withFileErrors } from './system-error.ts'

/** An entry by the directory that it is in: what is done to it cannot be led elsewhere. */
export interface Place {
  readonly directory: Directory
  readonly name: string
}

/**
 * The folder whose files are served. Nothing outside of it is read or changed: on Linux a place is opened first, then
 * the kernel is asked where it really is, then it is used through its descriptor, so that swapping a symlink in
 * between gains nothing. Without `/proc/self/fd` real paths are compared before and after, which a race can outrun.
 */
export class Workspace {
  /** The real path of the workspace. */
  readonly root: string
  /** Orders the changes of one path. */
  readonly changes = new KeyedQueue()
  readonly #names: readonly string[]
  readonly #descriptors: string | undefined

  readonly #writes = new Set<Promise<unknown>>()

  private constructor(root: string, names: readonly string[], descriptors: string | undefined) {
    this.root = root
    this.#names = names
    this.#descriptors = descriptors
  }

  /**
   * Opens a folder as the workspace. It must exist.
   *
   * @param descriptors where the system shows this process's descriptors; without such a folder the weaker checks apply
   * @throws AgentServerError `path_not_found`, `not_a_directory`, `path_denied`
   */
  static async open(folder: string, descriptors = '/proc/self/fd'): Promise<Workspace> {
    return await withFileErrors(folder, async () => {
      const root = await realpath(folder)
      const handle = await open(root, constants.O_RDONLY | constants.O_DIRECTORY)
      try {
        const shown = await readlink(`${descriptors}/${handle.fd}`).catch(() => undefined)
        return new Workspace(root, [root, resolve(folder)], shown === root ? descriptors : undefined)
      } finally {
        await handle.close()
      }
    })
  }

  /** Runs a write that `settle` waits for. */
  async write<T>(task: () => Promise<T>): Promise<T> {
    const work = task()
    this.#writes.add(work)
    try {
      return await work
    } finally {
      this.#writes.delete(work)
    }
  }

  /** Resolves when the writes that run now have ended and left no temporary file: what a server waits for at its end. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#writes)
  }

  /** The path below the workspace, normalised; see `parsePath`. */
  parse(path: string): string {
    return parsePath(this.#names, path)
  }

  /** Opens a directory, symlinks followed as long as they stay inside. Close it. */
  async openDirectory(path: string): Promise<Directory> {
    return await this.#explain(path, (full) => this.#openDirectoryAt(full, path))
  }

  /** Opens a directory after making what of it is missing. Close it. */
  async makeDirectories(path: string): Promise<{ directory: Directory; created: boolean }> {
    const missing: string[] = []
    let at = path
    let directory = await this.#findDirectory(at)
    for (; directory === undefined; directory = await this.#findDirectory(at)) {
      missing.unshift(posix.basename(at))
      at = posix.dirname(at)
    }
    let created = false
    for (const name of missing) {
      const parent: Directory = directory
      at = posix.join(at, name)
      try {
        created = await makeOne(parent.at(name))
        // What came there meanwhile, a symlink for one, is opened as any other directory is.
        directory = await parent.open(name).catch(() => this.openDirectory(at))
      } finally {
        await parent.close()
      }
    }
    return { directory, created }
  }

  /** A directory that is there, or undefined. */
  async #findDirectory(path: string): Promise<Directory | undefined> {
    try {
      return await this.#openDirectoryAt(join(this.root, path), path)
    } catch (error) {
      if (hasSystemCode(error, 'ENOENT') && path !== '.') return undefined
      return await this.openDirectory(path)
    }
  }

  async #openDirectoryAt(full: string, path: string): Promise<Directory> {
    if (this.#descriptors === undefined) return await this.#openNamed(full, path)
    const handle = await openPlace(full, 'directory')
    return await closingOnError(handle, async () => {
      const location = await this.#verify(handle, path)
      return createHeldDirectory(handle, location, this.#descriptors ?? '')
    })
  }

  /** Runs a task on an entry of an open directory. The last part of the path is not followed. */
  async withPlace<T>(path: string, task: (place: Place) => Promise<T>): Promise<T> {
    const directory = await this.openDirectory(posix.dirname(path))
    try {
      return await task({ directory, name: posix.basename(path) })
    } finally {
      await directory.close()
    }
  }

  /** Opens a regular file for reading, symlinks followed as long as they stay inside; nothing else is ever opened. */
  async openFile(path: string): Promise<FileHandle> {
    return await this.#explain(path, async (full) => {
      if (this.#descriptors === undefined) return await this.#openNamedFile(full, path)
      const place = await openPlace(full, 0)
      try {
        await this.#verify(place, path)
        if (!(await place.stat()).isFile()) throw notAFile(path)
        return await open(`${this.#descriptors}/${place.fd}`, constants.O_RDONLY | constants.O_NONBLOCK)
      } finally {
        await place.close()
      }
    })
  }

  /** Has a failure outside of the workspace told as such, so that nobody learns what is there and what is not. */
  async #explain<T>(path: string, task: (full: string) => Promise<T>): Promise<T> {
    try {
      return await task(join(this.root, path))
    } catch (error) {
      if (error instanceof AgentServerError || path === '.') throw error
      const parent = await this.openDirectory(posix.dirname(path)).catch((cause: unknown) => {
        if (cause instanceof AgentServerError) throw cause
      })
      await parent?.close()
      throw error
    }
  }

  async #verify(handle: FileHandle, path: string): Promise<string> {
    const location = await readlink(`${this.#descriptors}/${handle.fd}`)
    if (!isInside(this.root, location)) throw outsideWorkspace(path)
    return location
  }

  async #realpath(full: string, path: string): Promise<string> {
    const real = await realpath(full)
    if (!isInside(this.root, real)) throw outsideWorkspace(path)
    return real
  }

  async #openNamed(full: string, path: string): Promise<Directory> {
    const handle = await open(await this.#realpath(full, path), constants.O_RDONLY | constants.O_DIRECTORY)
    await handle.close()
    return createNamedDirectory(await this.#realpath(full, path))
  }

  async #openNamedFile(full: string, path: string): Promise<FileHandle> {
    const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants
    const handle = await open(await this.#realpath(full, path), O_RDONLY | O_NONBLOCK | O_NOFOLLOW)
    return await closingOnError(handle, async () => {
      await this.#realpath(full, path)
      if (!(await handle.stat()).isFile()) throw notAFile(path)
      return handle
    })
  }
}

async function makeOne(path: string): Promise<boolean> {
  try {
    await mkdir(path)
    return true
  } catch (error) {
    if (hasSystemCode(error, 'EEXIST')) return false
    throw error
  }
}

async function closingOnError<T>(handle: FileHandle, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    await handle.close()
    throw error
  }
}
