import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { drawBytes } from '../../random.ts'
import type { Credential } from '../model-access.ts'
import type { Carrier } from './carrier.ts'
import { refuse } from './refusal.ts'

/** What the CLI needs of the Messages API; nothing else is forwarded. */
const ROUTES: readonly (readonly [method: string, path: RegExp])[] = [
  ['POST', /^\/v1\/messages$/],
  ['POST', /^\/v1\/messages\/count_tokens$/],
  ['GET', /^\/v1\/models(\/(?!\.+$)[\w.:@-]+)?$/],
]

/** A right to speak through the broker, held by one process of an agent. */
export interface Grant {
  /** What the agent has in place of the credential. Worthless outside this machine and after `revoke()`. */
  readonly placeholder: string
  revoke(): void
}

/**
 * Stands between the agents and the model so that no agent holds a key: listens on loopback, knows one placeholder per
 * process, and has what they may ask carried on, by this server to one fixed upstream or by a client; there the real
 * credential is put in. It buffers nothing.
 */
export class Broker {
  readonly #server: Server
  readonly #carrier: Carrier
  readonly #grants = new Map<string, () => Credential | undefined>()

  private constructor(carrier: Carrier) {
    this.#carrier = carrier
    this.#server = createServer({ requestTimeout: 0 }, (request, response) => {
      try {
        this.#serve(request, response)
      } catch (error) {
        refuse(response, 502, 'api_error', `the request could not be passed on: ${(error as Error).message}`)
      }
    })
  }

  /** Starts a broker on a free port of 127.0.0.1 in front of what carries its requests on. */
  static async start(carrier: Carrier): Promise<Broker> {
    const broker = new Broker(carrier)
    await new Promise<void>((resolve, reject) => {
      broker.#server.once('error', reject)
      broker.#server.listen(0, '127.0.0.1', resolve)
    })
    return broker
  }

  /** The base URL for the agents. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** A new placeholder; `credential` is asked anew for each request, so that a changed key counts at once. */
  grant(credential: () => Credential | undefined): Grant {
    const placeholder = `placeholder-${drawBytes(24).toString('base64url')}`
    this.#grants.set(placeholder, credential)
    return { placeholder, revoke: () => this.#grants.delete(placeholder) }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#carrier.close()
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '/').split('?', 1)[0]!
    if (!ROUTES.some(([method, pattern]) => method === request.method && pattern.test(path))) {
      request.resume()
      return refuse(response, 404, 'not_found_error', `${request.method} ${path} is not open to agents.`)
    }
    const grant = this.#grants.get(presented(request) ?? '')
    if (grant === undefined) {
      request.resume()
      return refuse(response, 401, 'authentication_error', 'This process has no grant to speak to the model.')
    }
    const credential = grant()
    if (credential === undefined && this.#carrier.needsCredential) {
      request.resume()
      return refuse(response, 401, 'authentication_error', 'The server has no key for the model any more.')
    }
    this.#carrier.forward(request, response, credential)
  }
}

/** The placeholder that a request came with, in whichever header its kind of access uses. */
function presented(request: IncomingMessage): string | undefined {
  const key = request.headers['x-api-key']
  return typeof key === 'string' ? key : request.headers.authorization?.replace(/^Bearer /i, '')
}
