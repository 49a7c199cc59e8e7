/** What the agent's process inherits of the server's environment; nothing else gets through. */
const INHERITED = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LANGUAGE',
  'TZ',
  'TERM',
  'TMPDIR',
  'XDG_CACHE_HOME',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'CLAUDE_CONFIG_DIR',
  // a way out to the network, for the tools
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'http_proxy',
  'https_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
  // which models, where none is configured
  'ANTHROPIC_MODEL',
  'ANTHROPIC_SMALL_FAST_MODEL',
  'ANTHROPIC_DEFAULT_FABLE_MODEL',
  'ANTHROPIC_DEFAULT_OPUS_MODEL',
  'ANTHROPIC_DEFAULT_SONNET_MODEL',
  'ANTHROPIC_DEFAULT_HAIKU_MODEL',
] as const

/** What tells of the server's own user, and would lead an agent of another one astray. */
const OF_OWN_USER = [
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'TMPDIR',
  'XDG_CACHE_HOME',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'CLAUDE_CONFIG_DIR',
  'IS_SANDBOX',
] as const

/** Loopback is never reached through a proxy: the broker lives there. */
const LOOPBACK = '127.0.0.1,localhost,::1'

/** Set for every agent: no background traffic, and no other host for the model than the one given here. */
const FIXED: Record<string, string> = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  DISABLE_TELEMETRY: '1',
  DISABLE_AUTOUPDATER: '1',
  // The CLI then ignores every routing and credential setting of the workspace's own settings files.
  CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST: '1',
  // The CLI then writes a prompt to its transcript before the model hears of it, so that after a crash the transcript
  // tells whether a prompt has entered the conversation. In no documentation; a test holds the CLI to it.
  CLAUDE_CODE_EAGER_FLUSH: '1',
}

/** The variables of `source` that an agent may have, by name. */
export function pickEnvironment(
  source: NodeJS.ProcessEnv,
  names: readonly string[] = INHERITED,
): Record<string, string> {
  const picked: Record<string, string> = {}
  for (const name of names) if (source[name] !== undefined) picked[name] = source[name]
  for (const [name, value] of Object.entries(source))
    if (names === INHERITED && name.startsWith('LC_') && value !== undefined) picked[name] = value
  return picked
}

/** What every agent of this server gets, before its access to the model and the session's own variables. */
export function createBaseEnvironment(
  source: NodeJS.ProcessEnv,
  passed: readonly string[],
): Record<string, string> {
  const noProxy = [source['NO_PROXY'] ?? source['no_proxy'], LOOPBACK].filter(Boolean).join(',')
  return {
    ...pickEnvironment(source),
    ...pickEnvironment(source, passed),
    NO_PROXY: noProxy,
    no_proxy: noProxy,
    ...FIXED,
    // Without it the CLI refuses to run as root with permissions bypassed, which is the default of this server.
    ...(process.getuid?.() === 0 ? { IS_SANDBOX: '1' } : {}),
  }
}

/** The same for agents of another user. What is passed on by name is meant for him as it is. */
export function moveEnvironment(
  environment: Readonly<Record<string, string>>,
  user: { name: string | undefined; shell: string | undefined },
  home: string,
  passed: readonly string[],
): Record<string, string> {
  const moved: Record<string, string> = { ...environment }
  for (const name of OF_OWN_USER) if (!passed.includes(name)) delete moved[name]
  moved['HOME'] ??= home
  if (user.name !== undefined) {
    moved['USER'] ??= user.name
    moved['LOGNAME'] ??= user.name
  }
  if (user.shell !== undefined) moved['SHELL'] ??= user.shell
  return moved
}
