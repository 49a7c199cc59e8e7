import type { ServerConfig } from './config.ts'
import { VERSION } from './version.ts'

/** What the server prints once it listens: where it is, what it reaches, and who may speak. */
export function createBanner(url: string, config: ServerConfig): string {
  const { access, upstream, token, workspace, permissionMode, leaseMs } = config
  const rows: [string, string][] = [
    ['page', `${url}/`],
    ['websocket', `${url.replace(/^http/, 'ws')}/ws`],
    ['workspace', workspace],
    ['model', describeAccess(access, upstream)],
    [
      'clients',
      token === undefined
        ? 'no token: every process on this machine may speak, the agent included'
        : 'with the token',
    ],
    ['permissions', permissionMode],
  ]
  if (leaseMs > 0) rows.push(['lease', `it ends after ${leaseMs} ms, unless POST /lease extends it`])
  const lines = rows.map(([name, value]) => `  ${name.padEnd(12)}${value}`)
  return `claude-agent-server ${VERSION}\n${lines.join('\n')}\n`
}

/** What a sealed server prints: nothing that anybody could use before it has its token. */
export function createSealedBanner(url: string, sealFile: string): string {
  return `claude-agent-server ${VERSION}\n  sealed      ${url}/health, until ${sealFile} brings the token\n`
}

function describeAccess(access: ServerConfig['access'], upstream: URL): string {
  // What `npm start` gives where there is no key.
  if (access.kind === 'broker' && access.credential.value === 'scripted')
    return `a scripted one at ${upstream.host}, not Claude`
  if (access.kind === 'none') return 'none: prompts are refused until a key is configured'
  if (access.kind === 'client') return 'by the clients that bring it, with their key (WS /model)'
  if (access.kind === 'cloud') return `${access.name} (its credentials are in the agent's environment)`
  return `${access.name} at ${upstream.host} (through a broker: the agent never holds the key)`
}
