/** Stands in every secret of a random configuration. */
export const SECRET_MARK = 'Zq7'

type Random = () => number

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function createRandom(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const pick = <Item>(random: Random, items: readonly Item[]): Item =>
  items[Math.floor(random() * items.length)] as Item
const maybe = <Value>(random: Random, name: string, value: () => Value): Record<string, Value> =>
  random() < 0.5 ? { [name]: value() } : {}

const word = (random: Random): string => Math.floor(random() * 1e9).toString(36)
const secret = (random: Random): string =>
  `${SECRET_MARK}${word(random)}${pick(random, ['', '+/==', ' x', '"q"', 'é', '-_.~'])}`
/** A secret as it may stand inside of a text. */
const plain = (random: Random): string => `${SECRET_MARK}${word(random)}`

function record(random: Random, name: () => string, value: () => unknown): Record<string, unknown> {
  return Object.fromEntries(Array.from({ length: Math.floor(random() * 4) }, () => [name(), value()]))
}

const environment = (random: Random): unknown =>
  record(
    random,
    () => `V_${word(random)}`.toUpperCase(),
    () => secret(random),
  )

const url = (random: Random): string =>
  pick(random, [
    () => `https://host.example/${word(random)}`,
    () => `https://user:${plain(random)}@host.example/mcp`,
    () => `https://${plain(random)}@host.example:8443`,
    () => `https://host.example/mcp?page=2&api_key=${plain(random)}&x=1`,
    () => `https://host.example/mcp?accessToken=${plain(random)}#part`,
    () => `https://host.example/s/${plain(random)}a1b2c3d4e5f6a7b8c9/mcp`,
  ])()

const argument = (random: Random): string[] =>
  pick(random, [
    () => [word(random)],
    () => ['--port', '80'],
    () => ['--api-key', secret(random)],
    () => [`--token=${plain(random)}`],
    () => ['--header', `Authorization: Bearer ${plain(random)}`],
    () => ['-u', `me:${secret(random)}`],
    () => [`DB_PASSWORD=${plain(random)}`],
    () => [url(random)],
  ])()

function server(random: Random): unknown {
  if (random() < 0.5) {
    return {
      command: word(random),
      args: Array.from({ length: Math.floor(random() * 4) }, () => argument(random)).flat(),
      ...maybe(random, 'env', () => environment(random)),
    }
  }
  return {
    type: pick(random, ['http', 'sse']),
    url: url(random),
    ...maybe(random, 'headers', () =>
      record(
        random,
        () => `X-${word(random)}`,
        () => secret(random),
      ),
    ),
    ...maybe(random, 'oauth', () => ({ clientId: word(random), clientSecret: secret(random) })),
  }
}

const servers = (random: Random): Record<string, unknown> =>
  record(
    random,
    () => pick(random, ['a', 'token', 'env', 'headers-b', 'constructor']),
    () => server(random),
  )

const hook = (random: Random): unknown =>
  random() < 0.5
    ? { type: 'command', command: `curl -H 'X-Api-Key: ${plain(random)}' ${url(random)}` }
    : { type: 'http', url: url(random), headers: { Authorization: `Bearer ${plain(random)}` } }

/** A configuration that the policy accepts, with secrets at all the places that it knows. */
export function randomConfig(random: Random): Record<string, unknown> {
  return {
    ...maybe(random, 'anthropicApiKey', () => `sk-ant-${SECRET_MARK}${word(random)}`),
    ...maybe(random, 'model', () => word(random)),
    ...maybe(random, 'systemPrompt', () => pick(random, ['plain', 'about [redacted] things', 'token: none'])),
    ...maybe(random, 'env', () => environment(random)),
    ...maybe(random, 'mcpServers', () => servers(random)),
    ...maybe(random, 'settings', () => ({
      ...maybe(random, 'env', () => environment(random)),
      ...maybe(random, 'hooks', () => ({ Stop: [{ hooks: [hook(random)] }] })),
    })),
    ...maybe(random, 'agents', () => ({
      one: {
        description: 'about api_key=[redacted]',
        ...maybe(random, 'mcpServers', () => ['name', servers(random), servers(random)]),
      },
    })),
  }
}
