import { SandboxError } from '../errors.ts'
import { checkEnvs } from '../envs.ts'
import type { CreateOptions } from '../provider.ts'
import { LABEL } from './container.ts'
import type { Network } from './network.ts'

/** Where the server listens in the image. */
export const SERVER_PORT = 3000

/** What a sandbox may use where nothing else is said. */
const DEFAULT_RESOURCES = { cpus: 2, memoryMb: 4096, pids: 1024 } as const

/**
 * All that the server keeps: it becomes the agent (SETUID, SETGID), ends the agent's processes (KILL), finds them by their
 * marks in /proc (SYS_PTRACE) and reads its transcripts (DAC_OVERRIDE). The agent gets none of them.
 */
const KEPT = ['SETUID', 'SETGID', 'KILL', 'SYS_PTRACE', 'DAC_OVERRIDE']

/** Writable, and gone when the container stops. `exec`, because agents run scripts in /tmp. */
const TEMPORARY = [
  '/tmp:rw,exec,nosuid,nodev,mode=1777,size=1g',
  '/run:rw,noexec,nosuid,nodev,mode=755,size=16m',
  '/run/claude-agent:rw,noexec,nosuid,nodev,mode=700,uid=900,gid=900,size=1m',
]

/** Anonymous volumes: they survive stop and start, begin with what the image has there, and go with the container. */
const VOLUMES = ['/home/agent', '/var/lib/claude-agent-server']

/**
 * Variables by which the docker command, or what it starts, is led elsewhere: to another engine, through a proxy, to other
 * certificates, libraries or programs. Those of a sandbox are kept out of the environment of the command.
 */
const COMMAND_VARIABLES =
  /^(PATH|HOME|USER|LOGNAME|SHELL|PWD|TMPDIR|TEMP|TMP|ENV|IFS|PS4|TZ|LANG|TERM|LC_.*|BASH.*|SHELLOPTS|GO[A-Z]+|LD_.*|DYLD_.*|GLIBC_.*|MALLOC_.*|GCONV_PATH|RES_OPTIONS|LOCALDOMAIN|HOSTALIASES|XDG_.*|SSH_.*|SSL_CERT_.*|[A-Z]+_PROXY|DOCKER_.*|BUILDKIT_.*|BUILDX_.*|COMPOSE_.*|CONTAINER_.*|CONTAINERS_.*|PODMAN_.*|OTEL_.*|NODE_.*|PYTHON.*|PERL.*|SYSTEMROOT|USERPROFILE|APPDATA|LOCALAPPDATA|PROGRAM.*|COMSPEC|PATHEXT)$/i
/** What a line of `--env-file` can hold at most. */
const MAX_LINE = 60_000

export interface RunOptions extends Omit<CreateOptions, 'network'> {
  name: string
  image: string
  token: string
  network: Network
  timeoutMs: number
  /** Address on the engine's machine that the port is published on. */
  host: string
  /** Further ports that are published. */
  ports: readonly number[]
  runtime: string | undefined
  /** Further labels of the container. */
  labels: Record<string, string>
}

export interface Run {
  /** What follows `docker run`. */
  args: string[]
  /** The environment of the call, which brings the values of the variables that are named in `args`. */
  env: Record<string, string>
  /** Variables that must not be in the environment of the call. */
  fileEnv: Record<string, string>
}

/** The call of `docker run`. @throws SandboxError `invalid_options`, `not_supported` */
export function buildRun(options: RunOptions): Run {
  const {
    name,
    image,
    network,
    host,
    ports,
    runtime,
    timeoutMs,
    onTimeout = 'kill',
    metadata = {},
    labels,
  } = options
  const variables = listVariables(options)
  const env = Object.fromEntries(variables.filter(([variable]) => !COMMAND_VARIABLES.test(variable)))
  const fileEnv = Object.fromEntries(variables.filter(([variable]) => COMMAND_VARIABLES.test(variable)))
  requireLines(fileEnv)
  const published = network.isInternal
    ? []
    : [SERVER_PORT, ...ports].map((port) => `--publish=${bracket(host)}:0:${port}`)
  const args = [
    '--detach',
    `--name=${name}`,
    '--pull=never',
    ...Object.entries(labels).map(([key, value]) => `--label=${key}=${value}`),
    `--label=${LABEL.ours}=sandbox`,
    `--label=${LABEL.metadata}=${JSON.stringify(metadata)}`,
    `--label=${LABEL.timeoutMs}=${timeoutMs}`,
    `--label=${LABEL.onTimeout}=${onTimeout}`,
    ...(runtime === undefined ? [] : [`--runtime=${runtime}`]),
    '--cap-drop=ALL',
    ...KEPT.map((capability) => `--cap-add=${capability}`),
    '--security-opt=no-new-privileges',
    '--read-only',
    ...TEMPORARY.map((place) => `--tmpfs=${place}`),
    ...VOLUMES.map((place) => `--mount=${describeVolume(place, labels)}`),
    ...limit(options),
    `--network=${network.name}`,
    // A resolver of the engine would carry questions, and so data, out of an internal network.
    ...(network.isInternal ? ['--dns=127.0.0.1', '--dns-option=timeout:1', '--dns-option=attempts:1'] : []),
    ...published,
    // A server that crashed is started again; one that ended by itself is not.
    '--restart=on-failure:5',
    '--log-driver=local',
    '--log-opt=max-size=5m',
    '--log-opt=max-file=2',
    ...Object.keys(env).map((variable) => `--env=${variable}`),
    image,
  ]
  return { args, env, fileEnv }
}

function listVariables({ envs = {}, token, timeoutMs }: RunOptions): [string, string][] {
  checkEnvs(envs)
  const own = { CLAUDE_AGENT_TOKEN: token, CLAUDE_AGENT_LEASE_MS: String(timeoutMs) }
  return Object.entries({ ...envs, ...own, HOST: '0.0.0.0', PORT: String(SERVER_PORT) })
}

/** A file of variables has a line for each. */
function requireLines(variables: Record<string, string>): void {
  for (const [variable, value] of Object.entries(variables)) {
    if (!/[\r\n]/.test(value) && Buffer.byteLength(value) < MAX_LINE) continue
    throw new SandboxError({
      code: 'not_supported',
      message: `\`envs.${variable}\` has several lines, or a very long one, and Docker's own command knows this name.`,
      hint: 'Give the variable a value in one line, or another name.',
    })
  }
}

/** `--mount` takes a line of CSV. */
function describeVolume(place: string, labels: Record<string, string>): string {
  const all = Object.entries({ ...labels, [LABEL.ours]: 'volume' })
  const fields = all.map(([key, value]) => `volume-label=${key}=${value}`)
  return ['type=volume', `dst=${place}`, ...fields]
    .map((field) => (/[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field))
    .join(',')
}

function limit({ resources = {} }: RunOptions): string[] {
  const { memoryMb = DEFAULT_RESOURCES.memoryMb, pids = DEFAULT_RESOURCES.pids, cpus } = resources
  return [
    `--memory=${memoryMb}m`,
    `--memory-swap=${memoryMb}m`,
    `--pids-limit=${pids}`,
    // `--cpus` is refused beyond what the machine has: right for who asks for it, wrong for a default.
    ...(cpus === undefined
      ? ['--cpu-period=100000', `--cpu-quota=${DEFAULT_RESOURCES.cpus * 100_000}`]
      : [`--cpus=${cpus}`]),
  ]
}

function bracket(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
