import { isAlive } from './processes.ts'
import type { SandboxState } from './state.ts'

export async function isRunning({ process }: SandboxState): Promise<boolean> {
  return process !== undefined && (await isAlive(process))
}

/**
 * Whether a sandbox came to its end: its server is dead and its time is over. A server that runs longer, because its
 * time stood still with the machine, is not; nor is one that died early, which `connect` starts again.
 */
export async function isOver(state: SandboxState): Promise<boolean> {
  if (state.isPaused || state.onTimeout === 'pause' || Date.now() <= state.expiresAt) return false
  return !(await isRunning(state))
}
