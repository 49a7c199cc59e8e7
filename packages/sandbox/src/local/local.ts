import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { SandboxProvider } from '../provider.ts'
import { LocalProvider } from './provider.ts'

export interface LocalOptions {
  /** Folder of the sandboxes, for this user only. @default `~/.claude-agent-sandboxes` */
  folder?: string
  /** The server's program and its first arguments. @default the `@claude-agent/server` that is installed */
  command?: readonly string[]
  /**
   * Whether the server and its agents are shut in with bubblewrap: `auto` where it is installed and allowed, `true` or
   * not at all, `false` for no isolation. @default 'auto'
   */
  bubblewrap?: 'auto' | boolean
  /** Files and folders of this machine that can be read inside of bubblewrap, beside the system and the server. */
  readable?: readonly string[]
  /** Milliseconds until a server has to be there. @default 60_000 */
  startTimeoutMs?: number
}

/**
 * Sandboxes that are processes of this machine, for development. `capabilities.isolation` says what stands between the
 * agent and the machine: `namespaces` under bubblewrap, else nothing.
 */
export function local(options: LocalOptions = {}): SandboxProvider {
  const { folder, command, bubblewrap = 'auto', readable = [], startTimeoutMs = 60_000 } = options
  return new LocalProvider({
    root: resolve(folder ?? join(homedir(), '.claude-agent-sandboxes')),
    command,
    bubblewrap,
    readable: readable.map((path) => resolve(path)),
    startTimeoutMs,
  })
}
