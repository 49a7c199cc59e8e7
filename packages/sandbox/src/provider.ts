/**
 * One engine that runs sandboxes. A sandbox is a claude-agent-server in an isolation of its own, with a token that only
 * its creator knows.
 */
export interface SandboxProvider {
  /** The name of the engine, which the ids of its sandboxes begin with: `docker`, `e2b`, `local`. */
  readonly engine: string
  readonly capabilities: Capabilities
  /**
   * Makes a sandbox and resolves when its server may be spoken to. When it fails or is aborted, nothing is left of it.
   * @throws SandboxError `template_not_found`, `quota_exceeded`, `engine_unreachable`, `not_supported`, `invalid_options`,
   *   `start_failed`, `start_timeout`, `unauthorized`, `aborted`
   */
  create(options?: CreateOptions): Promise<Sandbox>
  /**
   * Comes back to a sandbox by its id, from any process that may speak to the engine. Resumes a paused one, and starts a
   * server that died; its timeout counts anew.
   * @throws SandboxError `sandbox_not_found`, and those of `create`
   */
  connect(id: string, options?: ConnectOptions): Promise<Sandbox>
  /** The sandboxes of this product that live or are paused, on this engine, with all of these metadata. */
  list(filter?: { metadata?: Record<string, string>; signal?: AbortSignal }): Promise<SandboxInfo[]>
}

/** What an engine can do. What it cannot is refused with `not_supported`, never done halfway. */
export interface Capabilities {
  /** What `pause()` keeps: processes and memory, files only, or that there is no pause. */
  readonly pause: 'memory' | 'disk' | false
  /** What is kept where a sandbox is created with `onTimeout: 'pause'` and its time is over. */
  readonly pauseOnTimeout: 'memory' | 'disk' | false
  /** A request to a sandbox that was paused at its timeout wakes it. */
  readonly autoResume: boolean
  /** `resources` are enforced. */
  readonly resources: boolean
  /** `network` is enforced. */
  readonly network: boolean
  /** What stands between the agent and the rest of the machine. */
  readonly isolation: 'none' | 'namespaces' | 'container' | 'vm'
  /** The agent runs as another user than the server, so that it cannot read keys from it. */
  readonly separateUser: boolean
}

export interface ConnectOptions {
  /**
   * Variables of the server's environment, its secrets included (`ANTHROPIC_API_KEY`). At `connect` they are used only
   * where a server that died is started again and the engine does not have them any more. Names have letters, digits and
   * underscores; values have no NUL.
   */
  envs?: Record<string, string>
  /**
   * Milliseconds from now after which the sandbox ends, or is paused, by itself: a whole number from 1000 to 86_400_000
   * (a day). `extend` prolongs it.
   * @default 300_000
   */
  timeoutMs?: number
  /** Ends the wait. */
  signal?: AbortSignal
  /** Hears what is being done while it takes long. */
  onProgress?: (progress: Progress) => void
}

export interface CreateOptions extends ConnectOptions {
  /** The image or template to start from. @default 'claude-agent-server' */
  template?: string
  /** What becomes of it when its time is over. @default 'kill' */
  onTimeout?: 'kill' | 'pause'
  /** Words of your own by which `list` finds it: up to 32, in one line each. Not for secrets. */
  metadata?: Record<string, string>
  resources?: Resources
  network?: Network
}

export interface Resources {
  /** Cores, e.g. 1.5; from 0.01. */
  cpus?: number
  memoryMb?: number
  /** Processes and threads at once. */
  pids?: number
}

export interface Network {
  /** Whether the sandbox reaches the internet. @default true */
  internet?: boolean
  /** Headers that the engine adds to requests to a host, outside of the sandbox: the secret never enters it. */
  injectHeaders?: Record<string, Record<string, string>>
}

/** One step of something slow: `pull`, `create`, `resume`, `start`, `unseal`, `ready`. */
export interface Progress {
  step: string
  message: string
  /** Milliseconds since the beginning. */
  elapsedMs: number
}

/** Where a port of a sandbox is reached. Every request and every upgrade has to carry the headers. */
export interface SandboxEndpoint {
  /** An origin, e.g. `http://127.0.0.1:49153`. */
  url: string
  headers: Record<string, string>
}

/** A sandbox that was made or come back to. */
export interface Sandbox {
  /** `<engine>:<id of the engine>`. */
  readonly id: string
  /** The bearer token of its server. */
  readonly token: string
  readonly metadata: Readonly<Record<string, string>>
  /** Where a port is reached; it may change when the sandbox was stopped and started. @default port 3000, the server */
  endpoint(port?: number): Promise<SandboxEndpoint>
  /**
   * Lets it live for so many milliseconds from now, a whole number from 1000 to 86_400_000.
   * @throws SandboxError `sandbox_not_found`, `engine_unreachable`, `invalid_options`; for one that is paused
   * `not_supported` where its time does not run
   */
  extend(timeoutMs: number): Promise<void>
  /** Stops using CPU; `connect` goes on with it. Never destroys. @throws SandboxError `not_supported`, `sandbox_not_found` */
  pause(): Promise<void>
  /** Ends it and removes everything of it. One that is gone is no error. */
  kill(): Promise<void>
  /** Hears once when it turns out to be gone without a `kill()` of this object; gives an unsubscribe function. */
  onLost(listener: (error: Error) => void): () => void
}

export interface SandboxInfo {
  id: string
  state: 'running' | 'paused'
  metadata: Record<string, string>
  /** When it was created, in milliseconds since 1970. */
  createdAt: number
}
