import type { IncomingMessage } from 'node:http'

/** Headers that belong to one hop or to the placeholder; the rest goes through as it is. */
const NOT_FORWARDED = new Set([
  'host',
  'connection',
  'expect',
  'keep-alive',
  'proxy-authorization',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-api-key',
  'authorization',
  'cookie',
])

export function withoutHopHeaders(
  headers: IncomingMessage['headers'] | Record<string, string>,
): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !NOT_FORWARDED.has(name.toLowerCase())) kept[name] = value
  return kept
}
