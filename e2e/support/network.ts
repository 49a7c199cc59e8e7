import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** A connection through the network: the client's side and the server's. */
interface Pair {
  near: Socket
  far: Socket
  /** Nothing that happens on one side is told to the other any more. */
  isVoid: boolean
  /** It ends in the middle of what is sent next. */
  isCut: boolean
  /** What the server sends gets through of itself. */
  flows: boolean
}

/** A stretch of network in front of a server, that can vanish: nothing gets through, and nobody is told. */
export class Network {
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  #target: number

  private constructor(server: Server, target: number) {
    this.#server = server
    this.#target = target
  }

  static async before(port: number): Promise<Network> {
    const server = createServer({ allowHalfOpen: true })
    const network = new Network(server, port)
    server.on('connection', (near) => network.#join(near))
    await new Promise<void>((go) => server.listen(0, '127.0.0.1', go))
    return network
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** New connections lead to another port, where a server was started anew. */
  leadTo(port: number): void {
    this.#target = port
  }

  /** From now on both sides speak into the void, with no FIN and no RST. */
  vanish(): void {
    for (const pair of this.#pairs) {
      pair.isVoid = true
      pair.flows = false
      pair.near.unpipe(pair.far)
      pair.far.unpipe(pair.near)
      pair.near.pause()
      pair.far.pause()
    }
  }

  /** Ends every connection, on both sides. */
  drop(): void {
    for (const { near, far } of this.#pairs) {
      near.destroy()
      far.destroy()
    }
  }

  /** Ends every connection in the middle of what is sent next, by the server or, with `up`, by the client. */
  cut(direction: 'up' | 'down' = 'down'): void {
    for (const pair of this.#pairs) {
      const { near, far } = pair
      if (pair.isVoid || pair.isCut) continue
      pair.isCut = true
      const [from, to] = direction === 'up' ? [near, far] : [far, near]
      from.unpipe(to)
      from.once('data', (chunk: Buffer) => {
        from.pause()
        const end = (): void => {
          near.destroy()
          far.destroy()
        }
        if (to.destroyed) end()
        else to.write(chunk.subarray(0, Math.ceil(chunk.length / 2)), end)
      })
      from.resume()
    }
  }

  /** Nothing that the server sends gets through, until `flow()`. */
  stall(): void {
    for (const pair of this.#pairs) {
      const { near, far, isCut } = pair
      if (isCut) continue
      pair.flows = false
      far.unpipe(near)
      far.pause()
    }
  }

  flow(): void {
    for (const pair of this.#pairs) {
      const { near, far, isVoid, isCut, flows } = pair
      if (isVoid || isCut || flows || near.destroyed || far.destroyed) continue
      pair.flows = true
      far.pipe(near)
    }
  }

  async close(): Promise<void> {
    this.drop()
    await new Promise((go) => this.#server.close(go))
  }

  #join(near: Socket): void {
    const far = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true })
    const pair: Pair = { near, far, isVoid: false, isCut: false, flows: true }
    this.#pairs.add(pair)
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      socket.on('error', () => {})
      socket.once('close', () => {
        if (!pair.isVoid) other.destroy()
        if (near.destroyed && far.destroyed) this.#pairs.delete(pair)
      })
    }
    near.pipe(far)
    far.pipe(near)
  }
}
