import { childrenOf, hasEnded, killWith, signal, type ProcessIdentity } from './processes.ts'
import type { Layout, SandboxState } from './state.ts'

/** What a server gets to end in order, with its agents. */
const GRACE_MS = 10_000
/** What the system gets for a process that was killed. */
const DEATH_MS = 10_000

/** Ends the server of a sandbox, in order where it can be had, and every process that is left of it. */
export async function endServer(state: SandboxState, layout: Layout): Promise<void> {
  if (state.process !== undefined) {
    const server = await serverOf(state, state.process)
    await signal(server, 'SIGTERM')
    if (!(await hasEnded(state.process, GRACE_MS))) {
      await signal(state.process, 'SIGKILL')
      await hasEnded(state.process, DEATH_MS)
    }
  }
  await killRest(layout)
}

/** Kills what lives in a sandbox without a server: the home is its own, so whoever was started with it belongs there. */
export async function killRest({ home }: Layout): Promise<void> {
  await killWith(`HOME=${home}`)
}

/** In namespaces the first process only gathers the dead; the server is what it started. */
async function serverOf(state: SandboxState, first: ProcessIdentity): Promise<ProcessIdentity> {
  if (state.isolation === 'none') return first
  const [server] = await childrenOf(first.id)
  return server ?? first
}
