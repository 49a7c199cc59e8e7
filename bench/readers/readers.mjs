import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('program.mjs', import.meta.url))

/** Many readers of a session, in a process of their own, so that they are on nobody's clock. */
export class Readers {
  #child
  #calls = new Map()
  #ids = 0

  constructor() {
    this.#child = fork(PROGRAM, [], { env: { PATH: process.env.PATH ?? '' }, execArgv: [] })
    this.#child.on('message', ({ id, result, error }) => {
      const { resolve, reject } = this.#calls.get(id)
      this.#calls.delete(id)
      if (error === undefined) resolve(result)
      else reject(new Error(error))
    })
    this.#child.once('exit', (code) => {
      for (const { reject } of this.#calls.values()) reject(new Error(`The readers ended with ${code}.`))
    })
  }

  /** `act` is one of those in `program.mjs`. */
  async call(act, request = {}) {
    return await new Promise((resolve, reject) => {
      const id = (this.#ids += 1)
      this.#calls.set(id, { resolve, reject })
      this.#child.send({ id, act, ...request })
    })
  }

  /** Ends the process; by itself it ends with this one. */
  stop() {
    this.#child.disconnect()
  }
}
