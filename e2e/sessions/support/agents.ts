import { processesWith, type Process } from '../../support/processes.ts'
import { until } from '../../support/until.ts'
import type { Peer } from './peer.ts'

/** The CLI that works for a session, once there is one; the SDK's id of the conversation is in its command line. */
export async function agentOf(peer: Peer): Promise<Process> {
  return await until('the session has a process', async () => (await agentsOf(peer))[0])
}

/** The processes that work for a session: one, or none. */
export async function agentsOf(peer: Peer): Promise<Process[]> {
  const { sdkSessionId } = await peer.info()
  return sdkSessionId === undefined ? [] : await processesWith(sdkSessionId)
}
