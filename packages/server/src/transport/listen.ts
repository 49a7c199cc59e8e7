import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AgentServerError } from '@claude-agent/protocol'

/** A server that does not listen yet and answers nothing. Uploads may take as long as they like. */
export function createListener(): Server {
  return createServer({ requestTimeout: 0 })
}

/** @throws AgentServerError `port_in_use`, `invalid_setting` */
export async function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE'
      reject(
        new AgentServerError({
          code: taken ? 'port_in_use' : 'invalid_setting',
          message: taken
            ? `Port ${port} of ${host} is taken.`
            : `Cannot listen on ${host}:${port}: ${cause.message}.`,
          hint: taken ? 'Stop what listens there, or choose another one with PORT.' : 'Set HOST and PORT.',
          cause,
        }),
      )
    })
    server.listen(port, host, resolve)
  })
}

/** Where a server listens, e.g. `http://127.0.0.1:3000`. */
export function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
