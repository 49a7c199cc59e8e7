import type { SandboxEndpoint } from '../provider.ts'
import type { E2bSandbox } from './e2b-sdk.ts'

/** The port of the server in template and image. */
export const SERVER_PORT = 3000

/** Where a port is: by a name of its own, or by headers on the URL that all sandboxes share. */
export function endpointOf(
  sandbox: Pick<E2bSandbox, 'sandboxId' | 'getHost' | 'trafficAccessToken'>,
  sharedUrl: string | undefined,
  port: number,
): SandboxEndpoint {
  const { trafficAccessToken } = sandbox
  // E2B gives one only where the sandbox was made without public traffic.
  const headers = trafficAccessToken ? { 'e2b-traffic-access-token': trafficAccessToken } : {}
  if (sharedUrl === undefined) return { url: `https://${sandbox.getHost(port)}`, headers }
  return {
    url: sharedUrl,
    headers: { 'E2b-Sandbox-Id': sandbox.sandboxId, 'E2b-Sandbox-Port': String(port), ...headers },
  }
}
