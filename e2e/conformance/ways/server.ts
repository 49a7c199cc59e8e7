import { startServer, type TestServer } from '../../support/server.ts'
import type { Model } from '../model.ts'
import { CutNetwork } from './cut-network.ts'

/** A server that agents run on, as a program on another machine sees it. */
export interface Place {
  url: string
  token: string
  server: TestServer
  close: () => Promise<void>
}

/** Starts a server before a model; with `isCut` behind a network that fails once a second. */
export async function openPlace(model: Model, isCut: boolean): Promise<Place> {
  const token = 'conformance-token'
  const server = await startServer({
    upstream: model.url,
    token,
    env: { CLAUDE_AGENT_MAX_PROCESSES: '50' },
  })
  const network = isCut ? await CutNetwork.before(server.port) : undefined
  return {
    url: network === undefined ? server.url : `http://127.0.0.1:${network.port}`,
    token,
    server,
    close: async () => {
      await network?.close()
      await server.close()
    },
  }
}
