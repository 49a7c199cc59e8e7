import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { aborted } from '../ready.ts'
import { identify, isAlive, type ProcessIdentity } from './processes.ts'

const POLL_MS = 50
/** What writing a line takes at most. */
const WRITING_MS = 5_000

/**
 * Does something to a sandbox while nobody else does, in this process or another: two that come back to it at once must
 * not start two servers. A holder that died holds nothing. Where the folder is gone it is done at once: there is nothing
 * to hold, as `act` will see.
 */
export async function exclusively<T>(path: string, act: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const self = JSON.stringify(await identify(process.pid))
  for (;;) {
    if (signal?.aborted) throw aborted(signal)
    const taken = await writeFile(path, self, { flag: 'wx', mode: 0o600 }).then(
      () => 'taken',
      ({ code }: NodeJS.ErrnoException) => code,
    )
    if (taken !== 'EEXIST') break
    if (await isHeld(path)) await delay(POLL_MS)
    else await removeDead(path)
  }
  try {
    return await act()
  } finally {
    await rm(path, { force: true })
  }
}

/**
 * Removes a lock whose holder died. One at a time: of two that found it dead, the later would remove the lock that the
 * earlier has taken by then.
 */
async function removeDead(path: string): Promise<void> {
  const removal = `${path}.removal`
  const isMine = await writeFile(removal, '', { flag: 'wx', mode: 0o600 }).then(
    () => true,
    () => false,
  )
  if (isMine) {
    if (!(await isHeld(path))) await rm(path, { force: true })
    await rm(removal, { force: true })
    return
  }
  await delay(POLL_MS)
  const info = await stat(removal).catch(() => undefined)
  // Its remover died over it.
  if (info !== undefined && Date.now() - info.mtimeMs > WRITING_MS) await rm(removal, { force: true })
}

async function isHeld(path: string): Promise<boolean> {
  try {
    return await isAlive(JSON.parse(await readFile(path, 'utf8')) as ProcessIdentity)
  } catch {
    // It is being written, or its writer died over it.
    const info = await stat(path).catch(() => undefined)
    return info !== undefined && Date.now() - info.mtimeMs < WRITING_MS
  }
}
