import { AgentServerError } from '@claude-agent/protocol'
import { formatPath } from './json-path.ts'

const DEEPEST = 100
const MOST = 100_000

/**
 * A copy of a JSON value, made of plain objects and lists only.
 * @throws AgentServerError `invalid_config` for what is no JSON, is nested deeper than 100 or has over 100,000 values
 */
export function copyJson(value: unknown): unknown {
  let values = 0
  const copy = (part: unknown, path: readonly (string | number)[]): unknown => {
    if (++values > MOST) fail(`The configuration has more than ${MOST} values.`)
    if (path.length > DEEPEST) fail(`'${formatPath(path)}' is nested deeper than ${DEEPEST}.`)
    if (Array.isArray(part)) return Array.from(part, (item: unknown, index) => copy(item, [...path, index]))
    if (typeof part === 'object' && part !== null) {
      const fields = Object.entries(part).filter(([, field]) => field !== undefined)
      if (fields.some(([name]) => name === '__proto__'))
        fail(`'${formatPath(path)}' has a field named __proto__.`)
      return Object.fromEntries(fields.map(([name, field]) => [name, copy(field, [...path, name])]))
    }
    if (part === null || typeof part === 'string' || typeof part === 'boolean') return part
    if (typeof part === 'number' && Number.isFinite(part)) return part
    return fail(`'${formatPath(path)}' is no JSON value (${typeof part}).`)
  }
  return copy(value, [])
}

function fail(message: string): never {
  throw new AgentServerError({ code: 'invalid_config', message, hint: 'Send a smaller, plain JSON object.' })
}
