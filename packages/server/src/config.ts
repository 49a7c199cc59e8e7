import { readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { parseArgs, parseEnv } from 'node:util'
import { AgentServerError } from '@claude-agent/protocol'
import { getProxyForUrl } from 'proxy-from-env'
import { createBaseEnvironment } from './agent/environment.ts'
import { clientAccess, readModelAccess, type ModelAccess } from './agent/model-access.ts'
import type { Setting } from './setting.ts'
import { refuseSetting, SETTINGS } from './settings.ts'

type Values = {
  -readonly [K in keyof typeof SETTINGS]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never
}

/** Everything that a server is started with. */
export interface ServerConfig extends Values {
  access: ModelAccess
  /** The Messages API that the broker forwards to. */
  upstream: URL
  /** The proxy that leads to it. */
  proxy: string | undefined
  /** The explicit environment of the agents, without their access to the model. */
  agentEnvironment: Record<string, string>
}

const DEFAULT_UPSTREAM = 'https://api.anthropic.com'

/** Puts the variables of a `.env` file into `env`, where they are not set already. A missing file is none. */
export function loadEnvFile(path: string, env: NodeJS.ProcessEnv): void {
  let content: string
  try {
    content = readFileSync(path, 'utf8')
  } catch {
    return
  }
  for (const [name, value] of Object.entries(parseEnv(content))) env[name] ??= value
}

/**
 * Reads the configuration from flags, which win, and the environment.
 * @throws AgentServerError `invalid_setting`, with the setting, the value seen and what it must be
 */
export function readConfig(argv: readonly string[], env: NodeJS.ProcessEnv): ServerConfig {
  const flags = readFlags(argv)
  const values: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries(SETTINGS) as [string, Setting<unknown>][]) {
    const flag = setting.flag === undefined ? undefined : flags[setting.flag]
    const given = flag ?? (env[setting.variable] || undefined)
    values[name] = given === undefined ? setting.fallback() : read(setting, given, flag !== undefined)
  }
  const config = values as unknown as Values
  // A sealed server gets its token later; nobody is served before.
  if (config.sealFile === undefined) requireToken(config)
  const upstream = env['ANTHROPIC_BASE_URL'] || DEFAULT_UPSTREAM
  if (!/^https?:\/\//.test(upstream) || !URL.canParse(upstream)) {
    refuseSetting('ANTHROPIC_BASE_URL', upstream, 'an http or https URL')
  }
  return {
    ...config,
    access: config.broker === 'client' ? clientAccess(env) : readModelAccess(env),
    upstream: new URL(upstream),
    proxy: getProxyForUrl(upstream) || undefined,
    agentEnvironment: createBaseEnvironment(env, config.passEnv),
  }
}

/**
 * Beyond loopback only those who show a token are served.
 * @throws AgentServerError `invalid_setting`
 */
export function requireToken({ host, token }: Pick<ServerConfig, 'host' | 'token'>): void {
  if (isLoopback(host) || token !== undefined) return
  refuseSetting(
    'HOST',
    host,
    'a loopback address (127.0.0.1, ::1, localhost) while CLAUDE_AGENT_TOKEN is not set',
  )
}

/** What the bin prints for `--help`. */
export function describeSettings(): string {
  const rows = (Object.values(SETTINGS) as Setting<unknown>[]).map(
    ({ flag, variable, summary, default: value }) => {
      const name = flag === undefined ? '' : `--${flag}`
      return `  ${name.padEnd(22)} ${variable.padEnd(32)} ${summary} (default: ${value})`
    },
  )
  return ['Usage: claude-agent-server [flags]', '', ...rows, ''].join('\n')
}

function readFlags(argv: readonly string[]): Record<string, string | undefined> {
  const names = Object.values(SETTINGS).flatMap((setting: Setting<unknown>) => setting.flag ?? [])
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]))
  try {
    return parseArgs({ args: [...argv], options, strict: true }).values
  } catch (cause) {
    throw new AgentServerError({
      code: 'invalid_setting',
      message: `${(cause as Error).message.replace(/\.$/, '')}.`,
      hint: 'All flags: claude-agent-server --help.',
      cause,
    })
  }
}

function read(setting: Setting<unknown>, given: string, isFlag: boolean): unknown {
  try {
    return setting.read(given)
  } catch (error) {
    const name = isFlag ? `--${setting.flag}` : setting.variable
    // A token is a secret, also a wrong one.
    return refuseSetting(name, setting.flag === undefined ? '…' : given, (error as Error).message)
  }
}

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase()
  if (isIPv6(name)) return name === '::1'
  return name === 'localhost' || /^127(\.\d{1,3}){3}$/.test(name)
}
