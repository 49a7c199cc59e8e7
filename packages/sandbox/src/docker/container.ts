import { SandboxError } from '../errors.ts'
import { MAX_TIMEOUT_MS } from '../options.ts'
import type { SandboxInfo } from '../provider.ts'
import type { CallOptions, DockerCommand } from './command.ts'

/** The labels by which any client finds what is ours. */
export const LABEL = {
  ours: 'claude-agent-server',
  metadata: 'claude-agent-server.metadata',
  timeoutMs: 'claude-agent-server.timeout-ms',
  onTimeout: 'claude-agent-server.on-timeout',
} as const

/** What a container may be from its making to its start. */
const START_MS = 60_000

/** What the engine knows of one sandbox. */
export interface Container {
  name: string
  /** `created`, `running`, `paused`, `restarting`, `removing`, `exited`, `dead`. */
  status: string
  exitCode: number
  /** How often the engine has started it again because its server crashed. */
  restarts: number
  token: string
  metadata: Record<string, string>
  timeoutMs: number
  onTimeout: 'kill' | 'pause'
  createdAt: number
  finishedAt: number
  /** `127.0.0.1:49153` by port in the container. */
  published: Map<number, string>
  /** Its address in its network; reached from the machine of the engine, where that is Linux. */
  address: string | undefined
}

interface Inspected {
  Name: string
  Created: string
  RestartCount: number
  State: { Status: string; ExitCode: number; FinishedAt: string }
  Config: { Labels: Record<string, string> | null; Env: string[] | null }
  NetworkSettings: {
    Ports: Record<string, { HostIp: string; HostPort: string }[] | null> | null
    Networks: Record<string, { IPAddress: string }> | null
  }
}

/** The sandboxes of these names; one that is gone, or is none of ours, is left out. */
export async function inspectContainers(
  docker: DockerCommand,
  names: readonly string[],
  options?: CallOptions,
): Promise<Container[]> {
  if (names.length === 0) return []
  const format = ['container', 'inspect', '--format', '{{json .}}']
  let printed: string
  try {
    printed = await docker([...format, ...names], options)
  } catch (error) {
    if (!(error instanceof SandboxError) || error.code !== 'sandbox_not_found') throw error
    if (names.length === 1) return []
    // One of them went away in between: ask for each.
    const each = await Promise.all(
      names.map(async (name) => await inspectContainers(docker, [name], options)),
    )
    return each.flat()
  }
  return printed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Inspected)
    .filter(({ Config }) => Config.Labels?.[LABEL.ours] !== undefined)
    .map(read)
}

/** @throws SandboxError `sandbox_not_found` */
export async function inspectContainer(docker: DockerCommand, name: string): Promise<Container> {
  const [container] = await inspectContainers(docker, [name])
  if (container === undefined) throw notFound(name)
  return container
}

export function notFound(name: string): SandboxError {
  return new SandboxError({
    code: 'sandbox_not_found',
    message: `There is no sandbox 'docker:${name}' on this engine.`,
    hint: 'It was killed, or its time was over. list() gives those that are there.',
  })
}

export function describe({ name, status, metadata, createdAt }: Container): SandboxInfo {
  const isRunning = status === 'running' || status === 'restarting'
  return { id: `docker:${name}`, state: isRunning ? 'running' : 'paused', metadata, createdAt }
}

/** Whether nobody comes back to it: its time was over, and it was to be killed then. */
export function isOver({ status, exitCode, onTimeout, ...at }: Container, now: number): boolean {
  if (status === 'dead' || status === 'removing') return true
  if (onTimeout === 'pause') return false
  if (status === 'exited' && exitCode === 0) return true
  // Stopped from outside, crashed for good, or never started: it is kept as long as it would have lived unattended.
  if (status === 'exited') return at.finishedAt + at.timeoutMs < now
  return status === 'created' && at.createdAt + Math.max(at.timeoutMs, START_MS) < now
}

function read({ Name, Created, RestartCount, State, Config, NetworkSettings }: Inspected): Container {
  const labels = Config.Labels ?? {}
  const published = new Map<number, string>()
  for (const [port, bindings] of Object.entries(NetworkSettings.Ports ?? {})) {
    const [binding] = bindings ?? []
    if (binding !== undefined)
      published.set(Number.parseInt(port, 10), join(binding.HostIp, binding.HostPort))
  }
  const token = 'CLAUDE_AGENT_TOKEN='
  return {
    name: Name.replace(/^\//, ''),
    status: State.Status,
    exitCode: State.ExitCode,
    restarts: RestartCount,
    token: Config.Env?.find((variable) => variable.startsWith(token))?.slice(token.length) ?? '',
    metadata: readMetadata(labels[LABEL.metadata]),
    timeoutMs: readTimeoutLabel(labels[LABEL.timeoutMs]),
    onTimeout: labels[LABEL.onTimeout] === 'pause' ? 'pause' : 'kill',
    createdAt: Date.parse(Created),
    finishedAt: Date.parse(State.FinishedAt),
    published,
    address: Object.values(NetworkSettings.Networks ?? {}).find(({ IPAddress }) => IPAddress !== '')
      ?.IPAddress,
  }
}

function join(host: string, port: string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** A label may be by anybody who speaks to the engine; one that is none of ours has no metadata, and harms no other. */
function readMetadata(text: string | undefined): Record<string, string> {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    const entries = isObject ? Object.entries(value) : []
    return Object.fromEntries(
      entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    )
  } catch {
    return {}
  }
}

/** One that cannot be read counts as the longest: nothing is removed for it too early. */
function readTimeoutLabel(text: string | undefined): number {
  const timeoutMs = Number(text ?? 0)
  return timeoutMs >= 0 && timeoutMs <= MAX_TIMEOUT_MS ? timeoutMs : MAX_TIMEOUT_MS
}
