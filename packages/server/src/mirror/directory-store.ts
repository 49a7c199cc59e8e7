import { mkdir, open, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { changedDirectories, syncDirectory } from '../log/log-identity.ts'
import type { MirrorStore } from './mirror-store.ts'

/** A directory: a volume that outlives the sandbox, for one. */
export function createDirectoryStore(directory: string): MirrorStore {
  return {
    async put(name, bytes) {
      const path = join(directory, name)
      const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      const file = await open(`${path}.new`, 'w', 0o600)
      try {
        await file.writeFile(bytes)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(`${path}.new`, path)
      for (const changed of changedDirectories(dirname(path), made)) await syncDirectory(changed)
    },
  }
}
