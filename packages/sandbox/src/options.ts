import { checkEnvs } from './envs.ts'
import { entriesOf, invalid } from './invalid.ts'
import type { ConnectOptions, CreateOptions, Network, Resources } from './provider.ts'

const DEFAULT_TIMEOUT_MS = 300_000
const MIN_TIMEOUT_MS = 1_000
/** A day: what a lease of the server and E2B allow. */
export const MAX_TIMEOUT_MS = 86_400_000

/** Together they fit into one argument of a command, which is how labels get to Docker. */
const MAX_METADATA = 32
const MAX_KEY = 100
const MAX_VALUE = 1_000
const TEMPLATE = /^[A-Za-z0-9][\w.:/@-]{0,499}$/
const HOST = /^[A-Za-z0-9*.:_-]{1,255}$/
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]{1,200}$/
/** Control characters, line ends among them, and halves of characters, which no encoding has. */
const UNPRINTABLE = /[\p{Cc}\p{Surrogate}]/u

/** The largest are beyond every machine and still no overflow in an engine. For Docker 0 and less mean no limit. */
const LIMITS = {
  cpus: { least: 0.01, most: 10_000, isWhole: false },
  memoryMb: { least: 1, most: 2 ** 30, isWhole: true },
  pids: { least: 1, most: 2 ** 22, isWhole: true },
} as const satisfies Record<keyof Resources, { least: number; most: number; isWhole: boolean }>

/**
 * What every engine wants to hold before it makes anything: options come from programs that pass on what others say.
 * Errors name the field and never the value, which may be a secret.
 * @throws SandboxError `invalid_options`
 */
export function checkCreateOptions(options: CreateOptions): void {
  checkConnectOptions(options)
  const { template, onTimeout, metadata, resources, network } = options
  if (template !== undefined && !(isText(template) && TEMPLATE.test(template)))
    throw invalid(
      'template',
      'is no name of an image or template',
      'Names begin with a letter or digit and have letters, digits and . _ - : / @ only.',
    )
  if (onTimeout !== undefined && !['kill', 'pause'].includes(onTimeout))
    throw invalid('onTimeout', 'is neither of the two', "Give 'kill' or 'pause'.")
  if (metadata !== undefined) checkMetadata(metadata)
  if (resources !== undefined) checkResources(resources)
  if (network !== undefined) checkNetwork(network)
}

/** @throws SandboxError `invalid_options` */
export function checkConnectOptions({ envs, timeoutMs }: ConnectOptions): void {
  if (envs !== undefined) checkEnvs(envs)
  readTimeout(timeoutMs)
}

/** The time that a sandbox is given by `create`, `connect` or `extend`. @throws SandboxError `invalid_options` */
export function readTimeout(timeoutMs: number = DEFAULT_TIMEOUT_MS): number {
  const isFit = Number.isInteger(timeoutMs) && timeoutMs >= MIN_TIMEOUT_MS && timeoutMs <= MAX_TIMEOUT_MS
  if (isFit) return timeoutMs
  throw invalid(
    'timeoutMs',
    'is no time that a sandbox can have',
    `Give a whole number of milliseconds from ${MIN_TIMEOUT_MS} to ${MAX_TIMEOUT_MS}; extend() prolongs it.`,
  )
}

function checkMetadata(metadata: unknown): void {
  const entries = entriesOf('metadata', metadata)
  const hint = `Give at most ${MAX_METADATA} of them, names of 1 to ${MAX_KEY} and values of up to ${MAX_VALUE} characters, in one line each.`
  if (entries.length > MAX_METADATA) throw invalid('metadata', 'has too many entries', hint)
  for (const [key, value] of entries) {
    if (key === '' || key.length > MAX_KEY || UNPRINTABLE.test(key))
      throw invalid('metadata', 'has a name that is none', hint)
    if (!isText(value) || value.length > MAX_VALUE || UNPRINTABLE.test(value))
      throw invalid(`metadata.${key}`, 'is no short text in one line', hint)
  }
}

function checkResources(resources: unknown): void {
  for (const [name, value] of entriesOf('resources', resources)) {
    if (value === undefined) continue
    if (!isLimit(name)) throw invalid('resources', 'has a limit that does not exist', hintOfLimits())
    const { least, most, isWhole } = LIMITS[name]
    const isFit = typeof value === 'number' && value >= least && value <= most
    if (isFit && (!isWhole || Number.isInteger(value))) continue
    const kind = isWhole ? 'whole number' : 'number'
    throw invalid(`resources.${name}`, 'is no limit', `Give a ${kind} from ${least} to ${most}.`)
  }
}

function isLimit(name: string): name is keyof Resources {
  return Object.hasOwn(LIMITS, name)
}

function hintOfLimits(): string {
  return `There are ${Object.keys(LIMITS).join(', ')}.`
}

function checkNetwork(network: Network): void {
  entriesOf('network', network)
  const { internet, injectHeaders } = network
  if (internet !== undefined && typeof internet !== 'boolean')
    throw invalid('network.internet', 'is neither true nor false', 'Give one of the two, or leave it out.')
  if (injectHeaders === undefined) return
  const field = 'network.injectHeaders'
  for (const [host, headers] of entriesOf(field, injectHeaders)) {
    if (!HOST.test(host))
      throw invalid(field, 'has a name that is no host', 'Name hosts, such as api.anthropic.com.')
    for (const [name, value] of entriesOf(`${field}['${host}']`, headers))
      if (!HEADER_NAME.test(name) || !isText(value) || UNPRINTABLE.test(value))
        throw invalid(
          `${field}['${host}']`,
          'has a header that is none',
          'Give names and values in one line.',
        )
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
