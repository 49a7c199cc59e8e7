import type { Options } from '@anthropic-ai/claude-agent-sdk'
import { AgentServerError, MAX_LEASE_MS } from '@claude-agent/protocol'
import type { Durability } from './log/feed.ts'
import { folder, list, number, oneOf, optional, readOneOf, readOrigin, text } from './setting.ts'

const MIB = 1024 * 1024
const PERMISSION_MODES = ['default', 'acceptEdits', 'bypassPermissions', 'plan', 'dontAsk', 'auto'] as const
const DURABILITIES = ['acknowledged', 'always', 'never'] as const satisfies readonly Durability[]
const BROKERS = ['server', 'client'] as const
const SOURCES = ['user', 'project', 'local'] as const

/** Every setting of the server. `docs/configuration.md` is held to this table by a test. */
export const SETTINGS = {
  port: number('PORT', 'port', 0, 65_535, 3000, 'Port to listen on; 0 takes a free one.'),
  host: text('HOST', 'host', '127.0.0.1', 'Address to listen on. Beyond loopback only with a token.'),
  token: optional('CLAUDE_AGENT_TOKEN', 'Bearer token that every client must show. No flag: it is a secret.'),
  workspace: folder(
    'CLAUDE_AGENT_WORKSPACE',
    'workspace',
    'agent-workspace',
    'Folder that the agent works in; created.',
  ),
  dataDir: folder(
    'CLAUDE_AGENT_DATA_DIR',
    'data-dir',
    '.claude-agent-server',
    'Folder of the event logs; one server each.',
  ),
  allowedOrigins: list(
    'CLAUDE_AGENT_ALLOWED_ORIGINS',
    'allowed-origins',
    readOrigin,
    [],
    'Origins of web pages that may speak, separated by commas.',
  ),
  allowedHosts: list(
    'CLAUDE_AGENT_ALLOWED_HOSTS',
    'allowed-hosts',
    (name) => name.toLowerCase(),
    [],
    'Names in the Host header that are served, separated by commas.',
  ),
  permissionMode: oneOf(
    'CLAUDE_AGENT_PERMISSION_MODE',
    'permission-mode',
    PERMISSION_MODES,
    'bypassPermissions',
    "The SDK's `permissionMode` where a client sets none.",
  ),
  settingSources: list(
    'CLAUDE_AGENT_SETTING_SOURCES',
    'setting-sources',
    readSource,
    ['project'],
    "The SDK's `settingSources` where a client sets none; `none` for no source.",
  ),
  passEnv: list(
    'CLAUDE_AGENT_PASS_ENV',
    'pass-env',
    (name) => name,
    [],
    "Further variables of the server's environment that agents get, by name.",
  ),
  maxFrameBytes: number(
    'CLAUDE_AGENT_MAX_FRAME_BYTES',
    'max-frame-bytes',
    1024,
    512 * MIB,
    32 * MIB,
    'Size limit of a WebSocket frame.',
  ),
  maxBodyBytes: number(
    'CLAUDE_AGENT_MAX_BODY_BYTES',
    'max-body-bytes',
    1024,
    512 * MIB,
    4 * MIB,
    'Size limit of a JSON body.',
  ),
  maxFileBytes: number(
    'CLAUDE_AGENT_MAX_FILE_BYTES',
    'max-file-bytes',
    0,
    Number.MAX_SAFE_INTEGER,
    16 * 1024 * MIB,
    'Size limit of a file, or an archive, that is written over HTTP.',
  ),
  maxConnections: number(
    'CLAUDE_AGENT_MAX_CONNECTIONS',
    'max-connections',
    1,
    100_000,
    1000,
    'Most WebSockets at once, and most event streams.',
  ),
  maxQueuedPrompts: number(
    'CLAUDE_AGENT_MAX_QUEUED_PROMPTS',
    'max-queued-prompts',
    1,
    100_000,
    100,
    'Most prompts of a session that may wait.',
  ),
  maxSessions: number(
    'CLAUDE_AGENT_MAX_SESSIONS',
    'max-sessions',
    1,
    1_000_000,
    10_000,
    'Most sessions at once.',
  ),
  maxProcesses: number(
    'CLAUDE_AGENT_MAX_PROCESSES',
    'max-processes',
    1,
    10_000,
    20,
    'Most processes of agents at once; sessions that need one beyond it wait in line.',
  ),
  spares: number(
    'CLAUDE_AGENT_SPARES',
    'spares',
    0,
    100,
    1,
    'Agents that are made ready ahead of the session that they will be for.',
  ),
  niceness: number(
    'CLAUDE_AGENT_NICENESS',
    'niceness',
    0,
    19,
    5,
    'How far agents, and all that they start, give way to the server when both want the processor; 0 for not at all.',
  ),
  idleTimeoutMs: number(
    'CLAUDE_AGENT_IDLE_TIMEOUT_MS',
    'idle-timeout-ms',
    1000,
    2 ** 31 - 1,
    10 * 60 * 1000,
    'Milliseconds after which an idle session gives its process back.',
  ),
  controllerTimeoutMs: number(
    'CLAUDE_AGENT_CONTROLLER_TIMEOUT_MS',
    'controller-timeout-ms',
    1000,
    2 ** 31 - 1,
    2 * 60 * 1000,
    'Milliseconds that a process waits for the SDK that drives it to come back.',
  ),
  durability: oneOf(
    'CLAUDE_AGENT_DURABILITY',
    'durability',
    DURABILITIES,
    'acknowledged',
    'When events are on the disk for sure: once `acknowledged`, `always` before anybody hears of them, or `never`.',
  ),
  maxLogBytes: number(
    'CLAUDE_AGENT_MAX_LOG_BYTES',
    'max-log-bytes',
    1024 * 1024,
    Number.MAX_SAFE_INTEGER,
    1024 * MIB,
    'Size of the event log of a session beyond which its oldest events are dropped.',
  ),
  maxLogAgeMs: number(
    'CLAUDE_AGENT_MAX_LOG_AGE_MS',
    'max-log-age-ms',
    0,
    Number.MAX_SAFE_INTEGER,
    0,
    'Milliseconds after which events are dropped; 0 for never.',
  ),
  agentUser: optional(
    'CLAUDE_AGENT_USER',
    'User that agents run as, another one than the server: a name or `uid:gid`. Needs Linux and its capabilities.',
    'agent-user',
  ),
  broker: oneOf(
    'CLAUDE_AGENT_BROKER',
    'broker',
    BROKERS,
    'server',
    'Who speaks to the model: the `server`, or a `client` that has the key and brings the way there.',
  ),
  leaseMs: number(
    'CLAUDE_AGENT_LEASE_MS',
    'lease-ms',
    0,
    MAX_LEASE_MS,
    0,
    'Milliseconds after which the server ends itself, unless its lease is extended; 0 for never.',
  ),
  mirror: optional(
    'CLAUDE_AGENT_MIRROR',
    'Where copies of all sessions are kept: an http(s) URL that takes `PUT`, or a directory outside the workspace.',
    'mirror',
  ),
  mirrorToken: optional('CLAUDE_AGENT_MIRROR_TOKEN', 'Bearer token for that URL. No flag: it is a secret.'),
  mirrorMaxBytes: number(
    'CLAUDE_AGENT_MIRROR_MAX_BYTES',
    'mirror-max-bytes',
    1024 * 1024,
    Number.MAX_SAFE_INTEGER,
    1024 * MIB,
    'Bytes on disk that may wait for the mirror to take them.',
  ),
  sealFile: optional(
    'CLAUDE_AGENT_SEAL_FILE',
    'File that brings the token: until it is there, and without a token, the server answers `/health` only.',
    'seal-file',
  ),
} as const

function readSource(given: string): NonNullable<Options['settingSources']>[number] {
  return readOneOf(SOURCES, given)
}

/** @throws AgentServerError `invalid_setting`, always */
export function refuseSetting(name: string, value: string, wanted: string): never {
  throw new AgentServerError({
    code: 'invalid_setting',
    message: `${name}='${value}' is wrong: it must be ${wanted}.`,
    hint: 'All settings: claude-agent-server --help, or docs/configuration.md.',
  })
}
