import type { FileDoor } from './file-door.ts'
import { FileProcess, type FileProcessOptions } from './file-process.ts'
import { createFileRelay } from './relay-routes.ts'
import { relayWatch } from './relay-watch.ts'

/** The door to the workspace with the rights of the agents' user: what is asked is passed on to a process of his. */
export async function openPassedDoor(options: FileProcessOptions): Promise<FileDoor> {
  const files = await FileProcess.start(options)
  const address = (): Promise<string> => files.address()
  return {
    opened: files.opened,
    routes: createFileRelay(address),
    watch: (socket, url) => void relayWatch(socket, url, address),
    close: () => files.close(),
  }
}
