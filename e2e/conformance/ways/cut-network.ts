import { Network } from '../../support/network.ts'

/** What lies between two cuts, on average. */
const BETWEEN_MS = 1000

/** A network whose connections end every second on average: at once, or in the middle of what is sent next. */
export class CutNetwork {
  readonly #network: Network
  #timer: NodeJS.Timeout | undefined
  #cuts = 0

  private constructor(network: Network) {
    this.#network = network
    this.#plan()
  }

  static async before(port: number): Promise<CutNetwork> {
    return new CutNetwork(await Network.before(port))
  }

  get port(): number {
    return this.#network.port
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#network.close()
  }

  /** The next cut, at a time that cannot be foreseen. */
  #plan(): void {
    this.#timer = setTimeout(() => this.#cut(), -Math.log(1 - Math.random()) * BETWEEN_MS)
  }

  #cut(): void {
    this.#cuts += 1
    if (this.#cuts % 3 === 0) this.#network.cut('down')
    else if (this.#cuts % 3 === 1) this.#network.cut('up')
    else this.#network.drop()
    this.#plan()
  }
}
