import { AgentServerError } from '@claude-agent/protocol'
import { refusal } from '../config-issue.ts'

type Fields = Record<string, unknown>

/** What the command line of an SDK asks for. */
export interface ReadArguments {
  /** Options of the query, not judged yet. */
  options: Fields
  /** Somebody answers permission prompts over stdio. */
  asks: boolean
  /** The agent may be told later to bypass permissions. */
  mayBypass: boolean
  /** The conversation to go on with: one of the SDK's ids, or `latest`. */
  resume?: string
  /** The id that a new conversation is to have. */
  sessionId?: string
}

/** What an argument does to what was read so far; `value` is '' for one that has none. */
type Reader = (read: ReadArguments, value: string) => void

interface Flag {
  hasValue: boolean
  read: Reader
}

/** An argument without a value. */
const flag = (read: Reader): Flag => ({ hasValue: false, read })
/** An argument that is an option of the query. */
const option = (name: string, parse: (value: string) => unknown = (value) => value): Flag => ({
  hasValue: true,
  read: ({ options }, value) => (options[name] = parse(value)),
})
const number = (name: string): Flag => option(name, Number)
const list = (name: string): Flag => option(name, split)
const on = (name: string): Flag => flag(({ options }) => (options[name] = true))

/** What says how the two sides speak. It has one value that is right, and the server sets it. */
const fixed = (...values: string[]): Flag => ({
  hasValue: true,
  read: (_, value) => {
    if (!values.includes(value)) throw invalid(`'${value.slice(0, 40)}' is no way to speak on this socket.`)
  },
})

/** Every argument that the SDK makes of options. What is not here is one of `extraArgs`. */
const FLAGS: Record<string, Flag> = {
  '--output-format': fixed('stream-json'),
  '--input-format': fixed('stream-json'),
  '--verbose': flag(() => {}),
  '--await-initialize': flag(() => {}),
  '--permission-prompt-tool': {
    hasValue: true,
    read: (read, value) => {
      if (value === 'stdio') read.asks = true
      else read.options['permissionPromptToolName'] = value
    },
  },
  '--allow-dangerously-skip-permissions': flag((read) => (read.mayBypass = true)),
  '--resume': { hasValue: true, read: (read, value) => (read.resume = value) },
  '--continue': flag((read) => (read.resume ??= 'latest')),
  '--session-id': { hasValue: true, read: (read, value) => (read.sessionId = value) },
  '--thinking': { hasValue: true, read: (read, value) => think(read, { type: value }) },
  '--thinking-display': { hasValue: true, read: (read, value) => think(read, { display: value }) },
  '--max-thinking-tokens': {
    hasValue: true,
    read: (read, value) => think(read, { type: 'enabled', budgetTokens: Number(value) }),
  },
  '--effort': option('effort'),
  '--max-turns': number('maxTurns'),
  '--max-budget-usd': number('maxBudgetUsd'),
  '--task-budget': option('taskBudget', (value) => ({ total: Number(value) })),
  '--model': option('model'),
  '--fallback-model': option('fallbackModel'),
  '--agent': option('agent'),
  '--betas': list('betas'),
  '--json-schema': option('outputFormat', (value) => ({
    type: 'json_schema',
    schema: parse('--json-schema', value),
  })),
  '--permission-mode': option('permissionMode'),
  '--permission-prompts': option('permissionPrompts'),
  '--allowedTools': list('allowedTools'),
  '--disallowedTools': list('disallowedTools'),
  '--tools': option('tools', (value) =>
    value === 'default' ? { type: 'preset', preset: 'claude_code' } : split(value),
  ),
  '--mcp-config': option(
    'mcpServers',
    (value) => (parse('--mcp-config', value) as { mcpServers?: unknown } | null)?.mcpServers,
  ),
  '--strict-mcp-config': on('strictMcpConfig'),
  '--setting-sources': list('settingSources'),
  '--settings': option('settings', (value) =>
    value.trim().startsWith('{') ? parse('--settings', value) : value,
  ),
  '--include-hook-events': on('includeHookEvents'),
  '--include-partial-messages': on('includePartialMessages'),
  '--plugin-dir': plugin({}),
  '--plugin-dir-no-mcp': plugin({ skipMcpDiscovery: true }),
  '--debug': flag(() => {}),
  // The policy refuses these, each with its reason.
  '--add-dir': option('additionalDirectories'),
  '--debug-file': option('debugFile'),
  '--fork-session': on('forkSession'),
  '--resume-session-at': option('resumeSessionAt'),
  '--resume-drops-turn': option('resumeDropsTurn'),
  '--no-session-persistence': on('persistSession'),
  '--project-config-root': option('projectConfigRoot'),
  '--managed-settings': option('managedSettings'),
  '--managed-settings-in-initialize': on('managedSettings'),
  '--session-mirror': on('sessionStore'),
}

/**
 * Reads the command line that an SDK made of its options, back into options.
 * @throws AgentServerError `option_refused` for an argument that no option makes, `invalid_config`
 */
export function readArguments(args: readonly string[]): ReadArguments {
  const read: ReadArguments = { options: {}, asks: false, mayBypass: false }
  for (let i = 0; i < args.length; i += 1) {
    const text = args[i]!
    const [name = ''] = text.split('=', 1)
    const known = Object.hasOwn(FLAGS, name) ? FLAGS[name] : undefined
    if (known === undefined || (!known.hasValue && name !== text))
      throw refusal('extraArgs', `'${name.slice(0, 60)}' is no argument that this server takes.`)
    if (!known.hasValue) known.read(read, '')
    else if (name !== text) known.read(read, text.slice(name.length + 1))
    else if (i + 1 < args.length) known.read(read, args[(i += 1)]!)
    else throw invalid(`The argument '${name}' has no value.`)
  }
  return read
}

function think({ options }: ReadArguments, fields: Fields): void {
  options['thinking'] = { ...(options['thinking'] as Fields | undefined), ...fields }
}

function plugin(fields: Fields): Flag {
  return {
    hasValue: true,
    read: ({ options }, path) => {
      const before = (options['plugins'] as unknown[] | undefined) ?? []
      options['plugins'] = [...before, { type: 'local', path, ...fields }]
    },
  }
}

/** The SDK joins lists with commas; joined again they are what they were, also where an entry has a comma in it. */
function split(value: string): string[] {
  return value === '' ? [] : value.split(',')
}

function parse(name: string, value: string): unknown {
  try {
    return JSON.parse(value)
  } catch (cause) {
    throw invalid(`The value of '${name}' is not JSON.`, cause)
  }
}

function invalid(message: string, cause?: unknown): AgentServerError {
  return new AgentServerError({
    code: 'invalid_config',
    message,
    hint: 'Send the arguments as the SDK makes them; docs/stdio.md says what gets through.',
    cause,
  })
}
