import type { FileHandle } from 'node:fs/promises'
import { toVersion } from './entry.ts'
import { withFileErrors } from './system-error.ts'
import type { Workspace } from './workspace.ts'

const CHUNK_BYTES = 256 * 1024

/** An open regular file as it was when it was opened. Either read it to the end, cancel the reading, or close it. */
export interface Content {
  /** Bytes. */
  readonly size: number
  readonly version: string
  /** Bytes from `start` up to but not including `end`, read as they are asked for; closes at the end. */
  read(start: number, end: number): ReadableStream<Uint8Array>
  close(): Promise<void>
}

/**
 * Opens a file for reading.
 *
 * @throws AgentServerError `invalid_path`, `path_outside_workspace`, `path_not_found`, `not_a_file`, `path_denied`
 */
export async function openContent(workspace: Workspace, path: string): Promise<Content> {
  const relative = workspace.parse(path)
  return await withFileErrors(path, async () => {
    const handle = await workspace.openFile(relative)
    const stats = await handle.stat({ bigint: true })
    return {
      size: Number(stats.size),
      version: toVersion(stats),
      read: (start, end) => readBytes(handle, start, end),
      close: () => handle.close(),
    }
  })
}

function readBytes(handle: FileHandle, start: number, end: number): ReadableStream<Uint8Array> {
  let position = start
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const chunk = new Uint8Array(Math.min(CHUNK_BYTES, end - position))
          const { bytesRead } = await handle.read(chunk, 0, chunk.length, position)
          // A reader that was promised more must see the connection break, not a short file.
          if (bytesRead === 0 && position < end)
            throw new RangeError('the file became shorter while it was read')
          position += bytesRead
          if (bytesRead > 0) controller.enqueue(chunk.subarray(0, bytesRead))
          if (position < end) return
          await handle.close()
          controller.close()
        } catch (error) {
          await handle.close().catch(() => {})
          controller.error(error)
        }
      },
      cancel: () => handle.close(),
    },
    { highWaterMark: 0 },
  )
}
