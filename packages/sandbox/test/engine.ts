import type { CreateOptions, SandboxEndpoint, SandboxProvider } from '../src/provider.ts'

/** An engine that was made ready for the contract suite: its provider, and what a test does behind its back. */
export interface OpenEngine {
  provider: SandboxProvider
  /** What every sandbox of the suite is created with, such as a template of the opener's or small resources. */
  create?: Pick<CreateOptions, 'template' | 'resources' | 'network'>
  /** A name of a template that the engine does not have. Left out where an engine has no templates at all. */
  missingTemplate?: string
  /** Address of this machine that the scripted model shall listen at, so that sandboxes reach it. @default '127.0.0.1' */
  modelHost?: string
  /** Where a port of this machine is reached from inside of a sandbox. @default http://127.0.0.1:<port> */
  modelUrl?(port: number): string
  /** Kills the server inside of a sandbox with SIGKILL, and resolves when it is dead. The sandbox stays. */
  killServer(id: string): Promise<void>
  /** Removes a sandbox past the provider, as the engine's own tools would. */
  deleteBehind(id: string): Promise<void>
  /** Whatever is there of sandboxes that this opener's provider made: containers, folders, processes, volumes. */
  leftovers(): Promise<string[]>
  /** What the engine keeps of the suite's sandboxes where anybody can read it: labels, lists, logs; to look for secrets. */
  exposed?(): Promise<string[]>
  /** The same engine where it is not: not installed, not running, or nothing listens. */
  unreachable(): SandboxProvider
  /**
   * How a process of its own gets the same provider: `import(module)[factory](options)` with these variables added to
   * the environment. It runs from the built package, so the module is one of `@claude-agent/sandbox/…`.
   */
  creator: { module: string; factory: string; options: object; env?: Record<string, string> }
  /** A sandbox whose server has no token yet. Left out where the engine starts none without. */
  sealed?(): Promise<SealedSandbox>
  /** Ends what `open` started. */
  close(): Promise<void>
}

export interface SealedSandbox {
  endpoint: SandboxEndpoint
  /** Hands in a token as the provider would. */
  unseal(token: string): Promise<void>
  close(): Promise<void>
}

/** What the suite is run on. */
export interface Engine {
  name: string
  /** Makes the engine ready, or tells why it cannot be tested here. */
  open(): Promise<OpenEngine | { skip: string }>
}
