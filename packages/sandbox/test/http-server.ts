import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { SandboxEndpoint } from '../src/provider.ts'

/** A server that answers as a test wants, gone when the test ends. */
export async function serve(listener: RequestListener): Promise<SandboxEndpoint> {
  const server: Server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, headers: { 'x-route': 'here' } }
}
