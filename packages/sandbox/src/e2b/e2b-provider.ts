import { randomBytes } from 'node:crypto'
import { SandboxError } from '../errors.ts'
import { checkConnectOptions, checkCreateOptions, readTimeout } from '../options.ts'
import type {
  Capabilities,
  ConnectOptions,
  CreateOptions,
  Progress,
  Sandbox,
  SandboxInfo,
  SandboxProvider,
} from '../provider.ts'
import { aborted, readHealth, waitUntilReady, type Health } from '../ready.ts'
import { requestSandbox } from './e2b-creation.ts'
import { endpointOf, SERVER_PORT } from './e2b-endpoint.ts'
import { translateE2bError } from './e2b-error.ts'
import { E2bLiveSandbox } from './e2b-live.ts'
import type { E2bSettings } from './e2b-options.ts'
import { isMarked, MARK, ownMetadata } from './e2b-request.ts'
import { readToken, startServer, unseal } from './e2b-seal.ts'
import { loadE2b, type E2bSandbox, type E2bSdk } from './e2b-sdk.ts'

/** How long a server that was just resumed may take to answer before it counts as dead. */
const ALIVE_MS = 1_000

export class E2bProvider implements SandboxProvider {
  readonly engine = 'e2b'
  readonly capabilities: Capabilities = {
    pause: 'memory',
    pauseOnTimeout: 'memory',
    autoResume: true,
    resources: false,
    network: true,
    isolation: 'vm',
    separateUser: true,
  }
  readonly #settings: E2bSettings

  constructor(settings: E2bSettings) {
    this.#settings = settings
  }

  async create(options: CreateOptions = {}): Promise<Sandbox> {
    checkCreateOptions(options)
    const tell = createTeller(options.onProgress)
    const token = randomBytes(32).toString('base64url')
    const sdk = await loadE2b()
    tell('create', 'E2B makes the sandbox')
    const sandbox = await requestSandbox(sdk, this.#settings, options)
    try {
      tell('unseal', 'The token is handed to the server')
      await unseal(sandbox, token, options.envs, options.signal)
      tell('ready', 'The server takes over')
      await this.#waitForServer(sandbox, options.signal)
    } catch (error) {
      await sandbox.kill().catch(() => {})
      throw explain(error, options.signal)
    }
    return this.#live(sandbox, token, { ...options.metadata })
  }

  async connect(id: string, options: ConnectOptions = {}): Promise<Sandbox> {
    checkConnectOptions(options)
    const { signal, envs } = options
    const tell = createTeller(options.onProgress)
    const timeoutMs = readTimeout(options.timeoutMs)
    const sandboxId = readId(id)
    const sdk = await loadE2b()
    try {
      const metadata = await this.#findOurs(sdk, sandboxId, signal)
      tell('create', 'E2B resumes the sandbox')
      const sandbox = await sdk.Sandbox.connect(sandboxId, { ...this.#connection(signal), timeoutMs })
      // Connecting to one that runs only ever makes its time longer; here it counts anew.
      await sandbox.setTimeout(timeoutMs)
      const token = await this.#revive(sandbox, tell, envs, signal)
      return this.#live(sandbox, token, ownMetadata(metadata))
    } catch (error) {
      throw explain(error, signal, 'connect')
    }
  }

  async list(
    filter: { metadata?: Record<string, string>; signal?: AbortSignal } = {},
  ): Promise<SandboxInfo[]> {
    const { Sandbox } = await loadE2b()
    const found: SandboxInfo[] = []
    try {
      const pages = Sandbox.list({
        ...this.#settings.connection,
        query: { metadata: { ...filter.metadata, ...MARK }, state: ['running', 'paused'] },
      })
      while (pages.hasNext) {
        filter.signal?.throwIfAborted()
        for (const { sandboxId, state, metadata, startedAt } of await pages.nextItems()) {
          const createdAt = startedAt.getTime()
          found.push({ id: `e2b:${sandboxId}`, state, metadata: ownMetadata(metadata), createdAt })
        }
      }
    } catch (error) {
      throw explain(error, filter.signal)
    }
    return found
  }

  /** The metadata of a sandbox of this product; looked at before it is woken. */
  async #findOurs(sdk: E2bSdk, sandboxId: string, signal?: AbortSignal): Promise<Record<string, string>> {
    const { metadata } = await sdk.Sandbox.getInfo(sandboxId, this.#connection(signal))
    if (isMarked(metadata)) return metadata
    throw new SandboxError({
      code: 'sandbox_not_found',
      message: `The sandbox 'e2b:${sandboxId}' has no claude-agent-server of ours.`,
      hint: 'list() has those that were made by create().',
    })
  }

  /** Makes sure that a server runs and is unsealed, and gives its token. */
  async #revive(
    sandbox: E2bSandbox,
    tell: (step: string, message: string) => void,
    envs?: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<string> {
    const [left, isSealed] = await Promise.all([readToken(sandbox, signal), this.#look(sandbox, signal)])
    if (isSealed === false && left !== undefined) return left
    if (isSealed === false) {
      throw new SandboxError({
        code: 'start_failed',
        message: `The server of 'e2b:${sandbox.sandboxId}' runs, but nobody left its token.`,
        hint: 'Kill the sandbox and create another.',
      })
    }
    if (isSealed === undefined) {
      tell('start', 'The server died and is started again')
      await startServer(sandbox, signal)
      const { sealed } = await this.#waitForServer(sandbox, signal, 'sealed')
      // It was alive after all; the second one ended at the lock.
      if (!sealed && left !== undefined) return left
    }
    const token = left ?? randomBytes(32).toString('base64url')
    tell('unseal', 'The token is handed to the server')
    await unseal(sandbox, token, envs, signal)
    tell('ready', 'The server takes over')
    await this.#waitForServer(sandbox, signal)
    return token
  }

  /** Whether its server is sealed; undefined when there is none. */
  async #look(sandbox: E2bSandbox, signal?: AbortSignal): Promise<boolean | undefined> {
    const endpoint = endpointOf(sandbox, this.#settings.sharedUrl, SERVER_PORT)
    const end = Date.now() + ALIVE_MS
    for (;;) {
      const health = await readHealth(endpoint, { signal, timeoutMs: 5 * ALIVE_MS })
      if (health !== undefined) return health.sealed
      if (Date.now() > end) return undefined
      await new Promise((go) => setTimeout(go, 100))
    }
  }

  async #waitForServer(
    sandbox: E2bSandbox,
    signal: AbortSignal | undefined,
    until: 'sealed' | 'unsealed' = 'unsealed',
  ): Promise<Health> {
    const endpoint = endpointOf(sandbox, this.#settings.sharedUrl, SERVER_PORT)
    return await waitUntilReady(endpoint, { signal, until, timeoutMs: this.#settings.startTimeoutMs })
  }

  #live(sandbox: E2bSandbox, token: string, metadata: Record<string, string>): Sandbox {
    return new E2bLiveSandbox(sandbox, { token, metadata, settings: this.#settings })
  }

  #connection(signal: AbortSignal | undefined): E2bSettings['connection'] & { signal?: AbortSignal } {
    return { ...this.#settings.connection, ...(signal === undefined ? {} : { signal }) }
  }
}

function readId(id: string): string {
  const found = /^e2b:([A-Za-z0-9-]+)$/.exec(id)?.[1]
  if (found !== undefined) return found
  throw new SandboxError({
    code: 'sandbox_not_found',
    message: `'${id}' is no sandbox of E2B.`,
    hint: "Its ids begin with 'e2b:'. The id says which engine it belongs to.",
  })
}

function explain(
  error: unknown,
  signal: AbortSignal | undefined,
  call: 'connect' | 'use' = 'use',
): SandboxError {
  return signal?.aborted ? aborted(signal) : translateE2bError(error, call)
}

function createTeller(
  listener: ((progress: Progress) => void) | undefined,
): (step: string, message: string) => void {
  const start = Date.now()
  return (step, message) => listener?.({ step, message, elapsedMs: Date.now() - start })
}
