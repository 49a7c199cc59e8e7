import { AgentServerError, type QueryConfig, REDACTED } from '@claude-agent/protocol'
import { formatPath, valueAt } from './json-path.ts'
import { mapSecretPlaces, type Path } from './secret-places.ts'
import { maskText } from './secret-text.ts'

type Fields = Readonly<Record<string, unknown>>

/**
 * A copy of the configuration that may be shown: `[redacted]` stands for the key, for every value of an environment and
 * every header, and for the part of any other text that looks like a secret.
 */
export function redactConfig(config: QueryConfig): QueryConfig {
  return redact({ ...config })
}

function redact(config: Fields): Record<string, unknown> {
  return mapSecretPlaces(config, (value, { whole }) => (whole ? REDACTED : maskText(String(value))))
}

/**
 * The configuration with every `[redacted]` put back to what is stored at the same place. A secret goes back only to
 * where it was: not to another address or command.
 * @throws AgentServerError `invalid_config` where there is nothing to put back
 */
export function restoreSecrets(config: Fields, stored: Fields): Record<string, unknown> {
  let shown: Fields | undefined
  return mapSecretPlaces(config, (value, { path }) => {
    if (typeof value !== 'string' || !value.includes(REDACTED)) return value
    shown ??= redact(stored)
    if (valueAt(shown, path) !== value) {
      throw new AgentServerError({
        code: 'invalid_config',
        message: `'${formatPath(path)}' holds "${REDACTED}", but no such value is stored there to be kept.`,
        hint: 'Post the value itself, or post back what GET /config says without a change.',
      })
    }
    if (!hasSameTarget(config, shown, path)) {
      throw new AgentServerError({
        code: 'invalid_config',
        message: `'${formatPath(path)}' holds "${REDACTED}", but what it belongs to has another address or command now.`,
        hint: 'Post the value itself: a stored secret is not handed to another target.',
      })
    }
    return valueAt(stored, path)
  })
}

const TARGET = ['type', 'url', 'command', 'args', 'headersHelper']

/** True when nothing around the path (a server, a hook) points elsewhere than it did. */
function hasSameTarget(config: Fields, shown: Fields, path: Path): boolean {
  return path.every((_, length) =>
    TARGET.every((name) => {
      const place = [...path.slice(0, length), name]
      return JSON.stringify(valueAt(config, place)) === JSON.stringify(valueAt(shown, place))
    }),
  )
}
