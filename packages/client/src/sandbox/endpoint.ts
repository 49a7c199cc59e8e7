import type { Sandbox } from '@claude-agent/sandbox'
import { type Endpoint, parseEndpoint } from '../endpoint.ts'
import { fromEngine } from './failure.ts'

/** Where the server of a sandbox is now; it moves when the sandbox is stopped and started. */
export async function locateSandbox(sandbox: Sandbox): Promise<Endpoint> {
  const { url, headers } = await fromEngine(sandbox.endpoint())
  return parseEndpoint(url, sandbox.token, 'address of the sandbox', headers)
}
