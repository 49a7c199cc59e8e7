import { setTimeout as delay } from 'node:timers/promises'
import type { Hono } from 'hono'
import type { WebSocket } from 'ws'
import { Workspace } from '../files/workspace.ts'
import { createFileRoutes } from '../transport/file-routes.ts'
import { serveWatch } from '../transport/watch-socket.ts'

/** What uploads that were broken off get to clean up after themselves. */
export const SETTLE_MS = 5_000

/** How clients get to the workspace: with the server's own rights, or with those of the agents' user. */
export interface FileDoor {
  /** Resolves once it is open; who comes before waits. Rejects with `invalid_setting` when it cannot be opened. */
  readonly opened: Promise<void>
  /** `GET /files` and what is below it. */
  readonly routes: Hono
  /** Serves `WS /files/watch` on a socket that may speak. */
  watch(socket: WebSocket, url: URL): void
  /** Resolves once nothing is written any more. */
  close(): Promise<void>
}

/** @param maxFileBytes largest file that can be written */
export async function openOwnDoor(folder: string, maxFileBytes: number): Promise<FileDoor> {
  const workspace = await Workspace.open(folder)
  return {
    opened: Promise.resolve(),
    routes: createFileRoutes({ workspace, maxFileBytes }),
    watch: (socket, url) => serveWatch(socket, url, workspace),
    close: async () => {
      await Promise.race([workspace.settle(), delay(SETTLE_MS, undefined, { ref: false })])
    },
  }
}
