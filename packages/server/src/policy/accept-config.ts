import { AgentServerError, type QueryConfig } from '@claude-agent/protocol'
import { configError, describe, refusal } from './config-issue.ts'
import { copyJson } from './json-copy.ts'
import { formatPath } from './json-path.ts'
import { OPTIONS, type OptionRule } from './options.ts'
import { restoreSecrets } from './redact.ts'

/** What clients of the predecessor post beside the query's options: they post all that they were constructed with. */
const DROPPED = new Set(['e2bApiKey', 'template', 'debug', 'timeoutMs', 'connectionUrl'])

// Linux takes at most 128 KiB in one argument or variable; the rest is room for what the server adds.
const ARGUMENT_BYTES = 100_000

type Fields = Record<string, unknown>

/**
 * The configuration that a client posted, checked against the policy. It replaces the stored one as a whole; a
 * `[redacted]` in it keeps the secret that is stored at the same place, `null` and the old client's own fields count as
 * absent. What comes back shares nothing with `body`.
 * @throws AgentServerError `invalid_config` for a wrong or unknown field, `option_refused` for one that may not be set
 */
export function acceptConfig(body: unknown, stored: QueryConfig): QueryConfig {
  const posted = copyJson(body)
  if (typeof posted !== 'object' || posted === null || Array.isArray(posted)) {
    throw invalid(`The configuration must be an object; it is ${describe(posted, true)}.`)
  }
  const given = Object.entries(posted).filter(([name, value]) => value !== null && !DROPPED.has(name))
  for (const [name] of given) requireOpen(name)
  const config = restoreSecrets(Object.fromEntries(given), { ...stored })
  for (const [name, value] of Object.entries(config)) {
    if (name === 'anthropicApiKey') config[name] = acceptKey(value)
    else requireValid(name, value, config)
  }
  if (config['anthropicApiKey'] === undefined) delete config['anthropicApiKey']
  requireStartable(config)
  return config
}

function ruleOf(name: string): OptionRule | undefined {
  return Object.hasOwn(OPTIONS, name) ? OPTIONS[name as keyof typeof OPTIONS] : undefined
}

function requireOpen(name: string): void {
  if (name === 'anthropicApiKey') return
  const rule = ruleOf(name)
  if (rule === undefined) {
    const meant = closest(name)
    throw new AgentServerError({
      code: 'invalid_config',
      message: `'${formatPath([name])}' is not an option of the query.`,
      hint: `${meant === undefined ? '' : `Did you mean '${meant}'? `}docs/options.md lists all options.`,
    })
  }
  if (rule.set !== 'remote') throw refusal(name, rule.why)
}

function requireValid(name: string, value: unknown, config: Fields): void {
  const rule = ruleOf(name)
  if (rule?.set !== 'remote') return
  const result = rule.schema.safeParse(value)
  if (!result.success) throw configError(result.error.issues, config, name, rule.expects)
  if (rule.argv && [value].flat().some((part) => typeof part === 'string' && part.includes('\0'))) {
    throw invalid(`'${name}' holds a NUL, which no command line can carry.`)
  }
}

/** A key as it can stand in a header, or undefined for an empty one. */
function acceptKey(value: unknown): string | undefined {
  if (typeof value !== 'string')
    throw invalid(`'anthropicApiKey' must be a string; it is ${describe(value, true)}.`)
  const key = value.trim()
  if (/[^\x21-\x7e]/.test(key)) throw invalid("'anthropicApiKey' has characters that no header can carry.")
  return key === '' ? undefined : key
}

/** Refuses what each option for itself allows, but with which no process of an agent would start. */
function requireStartable(config: Fields): void {
  if (config['fallbackModel'] !== undefined && config['fallbackModel'] === config['model']) {
    throw invalid("'fallbackModel' must be another model than 'model'.")
  }
  const carried = Object.entries(config).filter(([name]) => {
    const rule = ruleOf(name)
    return name === 'env' || (rule?.set === 'remote' && rule.argv)
  })
  const bytes = carried.reduce((sum, [, value]) => sum + Buffer.byteLength(JSON.stringify(value)), 0)
  if (bytes > ARGUMENT_BYTES) {
    const names = carried.map(([name]) => `'${name}'`).join(', ')
    throw invalid(
      `The options that travel on the command line have ${bytes} bytes (${names}); ${ARGUMENT_BYTES} are the limit.`,
      'Put long texts into systemPrompt, agents, or files of the workspace.',
    )
  }
}

function invalid(message: string, hint = 'docs/options.md lists all options.'): AgentServerError {
  return new AgentServerError({ code: 'invalid_config', message, hint })
}

/** The option of the same spelling but for case, or for two letters at most. */
function closest(name: string): string | undefined {
  if (name.length > 40) return undefined
  const ranked = ['anthropicApiKey', ...Object.keys(OPTIONS)]
    .filter((option) => ruleOf(option)?.set === 'remote' || option === 'anthropicApiKey')
    .map((option) => ({ option, steps: distance(name.toLowerCase(), option.toLowerCase()) }))
    .sort((one, other) => one.steps - other.steps)
  return ranked[0] !== undefined && ranked[0].steps <= 2 ? ranked[0].option : undefined
}

/** How many letters to add, drop or change to get from one word to the other. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [index, letter] of Array.from(from).entries()) {
    const next = [index + 1]
    for (const [column, other] of Array.from(to).entries()) {
      const change = (row[column] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(change, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? to.length
}
