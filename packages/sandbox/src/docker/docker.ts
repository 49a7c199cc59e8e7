import { randomBytes } from 'node:crypto'
import { SandboxError } from '../errors.ts'
import { extendLease } from '../lease.ts'
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
import { aborted } from '../ready.ts'
import { createDockerCommand, type DockerCommand } from './command.ts'
import { describe, inspectContainer, isOver, notFound, type Container } from './container.ts'
import { launchContainer } from './launch.ts'
import { locate, requireSameMachine } from './locate.ts'
import { Losses } from './losses.ts'
import { ownNetwork, type Network } from './network.ts'
import { collectContainers, removeContainer } from './remove.ts'
import { SERVER_PORT } from './run-arguments.ts'
import { DockerSandbox } from './sandbox.ts'
import { waitForServer } from './starting.ts'

export interface DockerOptions {
  /** The command line of the engine, or a path to it. `DOCKER_HOST` and contexts count. @default 'docker' */
  command?: string
  /** Another runtime of the engine, e.g. `runsc` for gVisor. @default the engine's */
  runtime?: string
  /** A network of your own, with rules of your own. @default one that keeps sandboxes apart, made when missing */
  network?: string
  /** Address of the engine's machine that ports are published on and reached at. @default '127.0.0.1' */
  host?: string
  /** Further ports that are published, for `endpoint(port)` from another machine than the engine's. @default [] */
  ports?: readonly number[]
  /** Labels of your own on every container and volume, for the tools of the engine. Not for secrets. @default {} */
  labels?: Record<string, string>
  /** Milliseconds that a server may take to start. @default 60_000 */
  startTimeoutMs?: number
  /** Milliseconds between two looks for `onLost`. @default 2_000 */
  lossCheckMs?: number
}

const IMAGE = 'claude-agent-server'
/** How long a failed creation waits for a call that is under way, to remove what comes of it, and for the removal. */
const ABORT_MS = 5_000

/** After the making of a sandbox: its first turn is under way then. */
const SWEEP_MS = 2_000

const CAPABILITIES: Capabilities = {
  pause: 'memory',
  pauseOnTimeout: 'disk',
  autoResume: false,
  resources: true,
  network: true,
  isolation: 'container',
  separateUser: true,
}

/** Sandboxes as containers of a Docker engine. Build their image with `npm run build:docker`. */
export function docker(options: DockerOptions = {}): SandboxProvider {
  return new DockerProvider(options)
}

class DockerProvider implements SandboxProvider {
  readonly engine = 'docker'
  readonly capabilities = CAPABILITIES
  readonly #options: DockerOptions
  readonly #docker: DockerCommand
  readonly #losses: Losses

  constructor(options: DockerOptions) {
    this.#options = options
    this.#docker = createDockerCommand(options.command ?? 'docker')
    this.#losses = new Losses(this.#docker, options.lossCheckMs ?? 2_000)
  }

  async create(options: CreateOptions = {}): Promise<Sandbox> {
    checkCreateOptions(options)
    const { signal } = options
    if (signal?.aborted) throw aborted(signal)
    const name = `claude-agent-${randomBytes(8).toString('hex')}`
    const making = this.#make(name, { ...options, timeoutMs: readTimeout(options.timeoutMs) })
    try {
      return new DockerSandbox(this.#docker, this.#losses, await endAt(making, signal))
    } catch (error) {
      // A call that is under way may still make the container: it is removed when that is known.
      await Promise.race([making.catch(() => {}), pause(ABORT_MS)])
      await Promise.race([removeContainer(this.#docker, name).catch(() => {}), pause(ABORT_MS)])
      throw signal?.aborted ? aborted(signal) : error
    }
  }

  async connect(id: string, options: ConnectOptions = {}): Promise<Sandbox> {
    checkConnectOptions(options)
    const { signal, onProgress } = options
    if (signal?.aborted) throw aborted(signal)
    const tell = createProgress(onProgress)
    const timeoutMs = readTimeout(options.timeoutMs)
    const resuming = this.#resume(readName(id), { timeoutMs, signal }, tell)
    return new DockerSandbox(this.#docker, this.#losses, await endAt(resuming, signal))
  }

  async list({
    metadata = {},
    signal,
  }: { metadata?: Record<string, string>; signal?: AbortSignal } = {}): Promise<SandboxInfo[]> {
    const containers = await endAt(collectContainers(this.#docker), signal)
    const wanted = Object.entries(metadata)
    return containers
      .filter((container) => wanted.every(([key, value]) => container.metadata[key] === value))
      .map(describe)
  }

  async #make(name: string, options: CreateOptions & { timeoutMs: number }): Promise<Container> {
    const { template = IMAGE, network = {}, signal, envs = {}, onProgress } = options
    if (network.injectHeaders !== undefined && Object.keys(network.injectHeaders).length > 0) {
      throw new SandboxError({
        code: 'not_supported',
        message: 'Docker adds no headers to what a sandbox sends: it has no proxy of its own.',
        hint: "Use `broker: 'client'`, with which the key never enters the sandbox either.",
      })
    }
    const tell = createProgress(onProgress)
    const {
      host = '127.0.0.1',
      ports = [],
      labels = {},
      runtime,
      startTimeoutMs: limit = 60_000,
    } = this.#options
    const token = randomBytes(32).toString('base64url')
    await launchContainer(this.#docker, {
      ...options,
      name,
      image: template,
      token,
      network: await this.#chooseNetwork(network.internet === false),
      host,
      ports,
      labels,
      runtime,
      tell,
    })
    tell('start', 'Waiting for its server')
    const secrets = [token, ...Object.values(envs)]
    const container = await waitForServer({ docker: this.#docker, name, timeoutMs: limit, signal, secrets })
    tell('ready', 'The server answers')
    this.#sweepSoon()
    return container
  }

  /** Removes what other clients left behind, when that holds nobody up. That it cannot be is no reason against anything. */
  #sweepSoon(): void {
    const docker: DockerCommand = (args, options) => this.#docker(args, { ...options, background: true })
    setTimeout(() => void collectContainers(docker).catch(() => {}), SWEEP_MS).unref()
  }

  async #chooseNetwork(isInternal: boolean): Promise<Network> {
    const { network } = this.#options
    if (network === undefined) {
      if (isInternal) await requireSameMachine(this.#docker)
      return ownNetwork(isInternal)
    }
    if (!isInternal) return { name: network, isInternal }
    throw new SandboxError({
      code: 'not_supported',
      message: `'network.internet: false' cannot be had in the network '${network}', whose rules are yours.`,
      hint: 'Leave out `network` at docker(), or make that network an internal one.',
    })
  }

  async #resume(
    name: string,
    { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal | undefined },
    tell: Tell,
  ): Promise<Container> {
    const found = await inspectContainer(this.#docker, name)
    if (isOver(found, Date.now())) {
      await removeContainer(this.#docker, name)
      throw notFound(name)
    }
    if (found.status === 'paused') {
      tell('resume', 'Going on with the container')
      await this.#docker(['unpause', name]).catch(unlessSaid(/is not paused/))
    } else if (found.status !== 'running' && found.status !== 'restarting') {
      tell('start', 'Starting the container again')
      await this.#docker(['start', name])
    }
    const limit = this.#options.startTimeoutMs ?? 60_000
    const container = await waitForServer({
      docker: this.#docker,
      name,
      timeoutMs: limit,
      signal,
      secrets: [found.token],
    })
    const endpoint = locate(container, SERVER_PORT)
    if (endpoint === undefined) throw notFound(name)
    await extendLease({ endpoint, token: container.token, timeoutMs, signal })
    tell('ready', 'The server answers')
    return container
  }
}

type Tell = (step: string, message: string) => void

function createProgress(onProgress: ((progress: Progress) => void) | undefined): Tell {
  const begin = performance.now()
  return (step, message) => onProgress?.({ step, message, elapsedMs: Math.round(performance.now() - begin) })
}

function readName(id: string): string {
  const name = /^docker:([A-Za-z0-9][\w.-]*)$/.exec(id)?.[1]
  if (name !== undefined) return name
  throw new SandboxError({
    code: 'sandbox_not_found',
    message: `'${id}' is no id of a sandbox in Docker.`,
    hint: 'Those begin with `docker:`; list() gives the ones that are there.',
  })
}

function unlessSaid(words: RegExp): (error: unknown) => string {
  return (error) => {
    if (error instanceof SandboxError && words.test(error.message)) return ''
    throw error
  }
}

/** The outcome of some work, or the end of the caller's wait for it. */
async function endAt<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work
  let stop = (): void => {}
  const ended = new Promise<never>((_, reject) => {
    stop = () => reject(aborted(signal))
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([work, ended])
  } finally {
    signal.removeEventListener('abort', stop)
    work.catch(() => {})
  }
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms).unref())
}
