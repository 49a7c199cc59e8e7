import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** A stretch of network in front of a server, that can vanish: nothing gets through, and nobody is told. */
export class Network {
  readonly #server: Server
  readonly #pairs: [Socket, Socket][] = []

  private constructor(server: Server) {
    this.#server = server
  }

  static async before(port: number): Promise<Network> {
    const server = createServer({ allowHalfOpen: true })
    const network = new Network(server)
    server.on('connection', (near) => {
      const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
      network.#pairs.push([near, far])
      for (const socket of [near, far]) socket.on('error', () => {})
      near.pipe(far)
      far.pipe(near)
    })
    await new Promise<void>((go) => server.listen(0, '127.0.0.1', go))
    return network
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** From now on both sides speak into the void, with no FIN and no RST. */
  vanish(): void {
    for (const [near, far] of this.#pairs) {
      near.unpipe(far)
      far.unpipe(near)
      near.pause()
      far.pause()
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#pairs.flat()) socket.destroy()
    await new Promise((go) => this.#server.close(go))
  }
}
