import { SandboxError } from '../errors.ts'
import { readTimeout } from '../options.ts'
import type { CreateOptions, Network } from '../provider.ts'
import type { E2bCreateOptions } from './e2b-sdk.ts'
import type { E2bSettings } from './e2b-options.ts'

/** Metadata that mark a sandbox as one of this product. */
export const MARK: Readonly<Record<string, string>> = { 'claude-agent-server': '1' }
/** Metadata of its own for each creation, by which a sandbox is found whose id never arrived. */
export const CREATION_MARK = 'claude-agent-server-creation'

const EVERYWHERE = '0.0.0.0/0'

/** The options of `create` as E2B's. @throws SandboxError `not_supported` */
export function describeCreation(
  { connection, publicTraffic }: E2bSettings,
  options: CreateOptions,
  creation: string,
): E2bCreateOptions {
  refuseResources(options)
  const network = {
    ...describeNetwork(options.network),
    ...(publicTraffic ? {} : { allowPublicTraffic: false }),
  }
  return {
    ...connection,
    // E2B counts in seconds, and rounds up.
    timeoutMs: readTimeout(options.timeoutMs),
    metadata: { ...options.metadata, ...MARK, [CREATION_MARK]: creation },
    // Since 2.51 every sandbox is; older versions are told.
    secure: true,
    lifecycle:
      options.onTimeout === 'pause' ? { onTimeout: 'pause', autoResume: true } : { onTimeout: 'kill' },
    allowInternetAccess: options.network?.internet !== false,
    ...(Object.keys(network).length === 0 ? {} : { network }),
  }
}

/**
 * Headers are added by E2B's egress proxy. Without internet nothing else is reached than the hosts that have some: rules
 * alone give no access.
 */
function describeNetwork({ internet = true, injectHeaders = {} }: Network = {}): NonNullable<
  E2bCreateOptions['network']
> {
  const hosts = Object.keys(injectHeaders)
  if (hosts.length === 0) return {}
  const rules = Object.fromEntries(
    Object.entries(injectHeaders).map(([host, headers]) => [host, [{ transform: { headers } }]]),
  )
  return internet ? { rules } : { rules, allowOut: hosts, denyOut: [EVERYWHERE] }
}

function refuseResources({ resources = {} }: CreateOptions): void {
  const named = Object.entries(resources).filter(([, value]) => value !== undefined)
  if (named.length === 0) return
  throw new SandboxError({
    code: 'not_supported',
    message: `E2B gives no resources to a single sandbox (${named.map(([name]) => name).join(', ')}).`,
    hint: 'They belong to the template: `npm run build:e2b -- --cpu 4 --memory 4096` builds one.',
  })
}

/** The caller's own words, without the marks. */
export function ownMetadata(metadata: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).filter(([name]) => !(name in MARK) && name !== CREATION_MARK),
  )
}

export function isMarked(metadata: Record<string, string>): boolean {
  return Object.entries(MARK).every(([name, value]) => metadata[name] === value)
}
