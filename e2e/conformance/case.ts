import type { AbortError, createSdkMcpServer, query, tool } from '@anthropic-ai/claude-agent-sdk'
import type { Part } from './model.ts'

/** How a program reaches its agent. `sdk`: with the SDK alone, on one machine. The others go over the network. */
export type WayName = 'sdk' | 'query' | 'remoteProcess' | 'browser'

/** What of the SDK a program has in its hands, from wherever it comes. */
interface Sdk {
  query: typeof query
  tool: typeof tool
  createSdkMcpServer: typeof createSdkMcpServer
  AbortError: typeof AbortError
}

/** Where a case plays. */
export interface Stage extends Sdk {
  model: Part
  /** The folder that the agent works in; others may be there too. */
  workspace: string
  /** A path in it that no other case uses. */
  file: (name: string) => string
}

/** In which way a case comes out otherwise than with the SDK alone; held to what its assertions then say. */
interface Deviation {
  /** For the docs, a sentence. */
  why: string
  /** What the failure says. A case that does not fail any more loses its mark. */
  shows: RegExp
}

/** One thing that programs written for the SDK rely on. */
export interface Case {
  /** A claim. */
  name: string
  run: (stage: Stage) => Promise<void>
  /** The ways in which it comes out otherwise. */
  differs?: Partial<Record<Exclude<WayName, 'sdk'>, Deviation>>
  /** Of those that the suite runs by every way, and with the network cut; the others take their time. */
  isCore?: boolean
  /** No other case may play in the same place meanwhile. */
  isAlone?: boolean
}
