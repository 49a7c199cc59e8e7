import { isSecretName } from './secret-text.ts'

export type Path = readonly (string | number)[]
type Scalar = string | number | boolean

/** Where a value stands. `whole`: all of it is a secret; else it is a text that may hold one. */
interface Place {
  path: Path
  whole: boolean
}

/** What to put in the place of a value. */
type Replace = (value: Scalar, place: Place) => unknown

/** The fields of a configuration that are secret, or may hold one. What a user says to the model is neither. */
const WALKS = new Map<PropertyKey | undefined, (value: unknown, path: Path, replace: Replace) => unknown>([
  ['anthropicApiKey', walkSecret],
  ['env', walkSecret],
  ['mcpServers', walkGuarded],
  ['settings', walkGuarded],
  ['agents', walkAgents],
])

/** A copy of the configuration in which every value at a place of secrets went through `replace`. */
export function mapSecretPlaces(
  config: Readonly<Record<string, unknown>>,
  replace: Replace,
): Record<string, unknown> {
  return mapFields(config, [], (value, path) => {
    const walk = WALKS.get(path[0])
    return walk === undefined ? structuredClone(value) : walk(value, path, replace)
  })
}

/** True when a value at this path is never to be repeated. */
export function isSecretPlace(path: readonly PropertyKey[]): boolean {
  const [field, , part] = path
  return field === 'agents' ? part === 'mcpServers' || part === 'hooks' : WALKS.has(field)
}

/** Everything in it is secret. */
function walkSecret(value: unknown, path: Path, replace: Replace): unknown {
  if (isScalar(value)) return replace(value, { path, whole: true })
  return mapFields(value, path, (field, place) => walkSecret(field, place, replace))
}

/** Secret are environments and headers, fields with such a name, and parts of texts. */
function walkGuarded(value: unknown, path: Path, replace: Replace): unknown {
  if (typeof value === 'string') return replace(value, { path, whole: false })
  return mapFields(value, path, (field, place) => {
    const name = place.at(-1)
    if (typeof name === 'string') {
      if (/^(env|headers)$/i.test(name) && isObject(field)) return walkSecret(field, place, replace)
      if (isScalar(field) && typeof field !== 'boolean' && isSecretName(name))
        return walkSecret(field, place, replace)
    } else if (typeof name === 'number' && Array.isArray(value) && followsSecretFlag(value, name)) {
      return walkSecret(field, place, replace)
    }
    return walkGuarded(field, place, replace)
  })
}

/** The texts of an agent itself are prose; its servers and hooks are guarded. */
function walkAgents(value: unknown, path: Path, replace: Replace): unknown {
  return mapFields(value, path, (agent, agentPath) =>
    mapFields(agent, agentPath, (field, place) =>
      isObject(field) ? walkGuarded(field, place, replace) : field,
    ),
  )
}

/** True for the second of `--api-key`, `…` in a list of arguments. */
function followsSecretFlag(list: readonly unknown[], index: number): boolean {
  const flag = list[index - 1]
  return (
    typeof flag === 'string' && /^--?[\w-]+$/.test(flag) && (isSecretName(flag) || /^(-u|--user)$/.test(flag))
  )
}

function mapFields(
  value: unknown,
  path: Path,
  map: (field: unknown, path: Path) => unknown,
): Record<string, unknown>
function mapFields(value: unknown, path: Path, map: (field: unknown, path: Path) => unknown): unknown {
  if (Array.isArray(value)) return value.map((field, index) => map(field, [...path, index]))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, map(field, [...path, name])]))
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}
