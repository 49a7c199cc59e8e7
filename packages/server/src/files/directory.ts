import { constants } from 'node:fs'
import { lstat, open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'

// Linux only and not in `fs.constants`: a descriptor that names a place and opens nothing, so that no FIFO blocks
// and no device notices. The value is the same on every architecture that Node and Bun run on.
const O_PATH = 0x20_00_00

/**
 * A directory whose place has been verified. What is done at the paths that `at` gives happens in this very
 * directory: on Linux whatever becomes of its name meanwhile, elsewhere as long as no part of its path is swapped.
 */
export interface Directory {
  /** Where it really is, absolute. */
  readonly location: string
  /** A path for `fs` to an entry, or to the directory itself. */
  at(name?: string): string
  /** The directory below it of this name; a symlink is not followed (`ENOTDIR`). */
  open(name: string): Promise<Directory>
  close(): Promise<void>
}

/** A descriptor of whatever is at the path, symlinks followed unless `nofollow`; nothing is opened for reading. */
export async function openPlace(path: string, flags: 0 | 'nofollow' | 'directory'): Promise<FileHandle> {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants
  const more = flags === 0 ? 0 : flags === 'directory' ? O_DIRECTORY : O_DIRECTORY | O_NOFOLLOW
  return await open(path, O_RDONLY | O_PATH | more)
}

/** A directory held by its descriptor: openat, renameat and unlinkat by way of `/proc/self/fd`. */
export function createHeldDirectory(handle: FileHandle, location: string, descriptors: string): Directory {
  const self = `${descriptors}/${handle.fd}`
  return {
    location,
    at: (name) => `${self}/${name ?? '.'}`,
    open: async (name) => {
      const child = await openPlace(`${self}/${name}`, 'nofollow')
      return createHeldDirectory(child, join(location, name), descriptors)
    },
    close: () => handle.close(),
  }
}

/** A directory known by its real path only, for systems without `/proc/self/fd`. */
export function createNamedDirectory(location: string): Directory {
  return {
    location,
    at: (name) => (name === undefined ? location : join(location, name)),
    open: async (name) => {
      const path = join(location, name)
      if ((await lstat(path)).isDirectory()) return createNamedDirectory(path)
      throw Object.assign(new TypeError(`not a directory: ${path}`), { code: 'ENOTDIR', syscall: 'open' })
    },
    close: async () => {},
  }
}
