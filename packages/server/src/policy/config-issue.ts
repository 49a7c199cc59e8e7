import { AgentServerError } from '@claude-agent/protocol'
import type * as z from 'zod/mini'
import { formatPath, shorten, valueAt } from './json-path.ts'
import { isSecretPlace } from './secret-places.ts'
import { maskText } from './secret-text.ts'

type Issue = z.core.$ZodIssue

const LIST = 'docs/options.md lists what may be set from outside, and why the rest may not.'

const KINDS: Record<string, string> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
}

/** The error for a name at the top that is closed. */
export function refusal(name: string, why: string): AgentServerError {
  return new AgentServerError({
    code: 'option_refused',
    message: `'${name}' may not be set from outside. ${why}`,
    hint: LIST,
  })
}

/** The error for the first thing that a schema found wrong with an option. Never repeats a value at a place of secrets. */
export function configError(
  issues: readonly Issue[],
  config: unknown,
  option: string,
  expects: string,
): AgentServerError {
  const issue = deepest(issues)
  const path = [option, ...issue.path]
  const name = formatPath(path)
  if (issue.code === 'custom' && issue.params?.['refused'] === true) return refusal(name, issue.message)
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => `'${formatPath([...path, key])}'`)
    return new AgentServerError({
      code: 'invalid_config',
      message: `This server does not know ${shorten(names.join(', '), 200)}.`,
      hint: 'Only what the SDK documents may be set here: an unknown setting could switch all others off.',
    })
  }
  const rule = issue.path.length === 0 ? `must be ${expects}` : demand(issue)
  return new AgentServerError({
    code: 'invalid_config',
    message: `'${name}' ${rule}; it is ${describe(valueAt(config, path), isSecretPlace(path))}.`,
    hint: issue.path.length === 0 ? LIST : `'${option}' must be ${expects}.`,
  })
}

/** What a schema asks for, as the end of a sentence. */
function demand(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${KINDS[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `must be one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`
    case 'too_small':
      if (issue.origin === 'string') return 'must not be empty'
      return `must be ${issue.inclusive === true ? 'at least' : 'above'} ${String(issue.minimum)}`
    case 'too_big':
      return `must be at most ${String(issue.maximum)}`
    case 'invalid_format':
      return issue.format === 'url' ? 'must be a URL' : issue.message
    case 'custom':
      return issue.message
    default:
      return 'is of no known kind'
  }
}

/** Of a union the branch that came closest, else the first issue; a refusal comes before all. */
function deepest(issues: readonly Issue[]): Issue {
  const flat = issues.map((issue): Issue => {
    if (issue.code !== 'invalid_union' || issue.errors.length === 0) return issue
    const closest = issue.errors.map((branch) => deepest(branch)).reduce((one, other) => closer(one, other))
    return { ...closest, path: [...issue.path, ...closest.path] }
  })
  return flat.find(isRefusal) ?? (flat[0] as Issue)
}

function closer(one: Issue, other: Issue): Issue {
  if (isRefusal(other)) return other
  return isRefusal(one) || rank(one) >= rank(other) ? one : other
}

/** How well a branch fits: one that gets deeper, or fails by its content and not by its tag. */
function rank(issue: Issue): number {
  return issue.path.length * 2 + (issue.path.at(-1) === 'type' ? 0 : 1)
}

function isRefusal(issue: Issue): boolean {
  return issue.code === 'custom' && issue.params?.['refused'] === true
}

/** The value as an error may show it. */
export function describe(value: unknown, secret: boolean): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object') return 'an object'
  if (secret) return typeof value === 'boolean' ? 'a boolean' : `a ${typeof value}`
  return shorten(JSON.stringify(typeof value === 'string' ? maskText(shorten(value, 80)) : value), 80)
}
