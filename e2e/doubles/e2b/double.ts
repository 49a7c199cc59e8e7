import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex, Readable } from 'node:stream'
import { header, readAll, Refusal, send, sendFailure } from './answer.ts'
import { answerControl, type ControlVersion, type ControlWorld } from './control.ts'
import { answerEnvd, ENVD_PORT, sendConnectFailure } from './envd.ts'
import { FailureList } from './failures.ts'
import { checkTraffic, forward, forwardUpgrade, refuseUpgrade, targetOf } from './proxy.ts'
import { RequestRecord } from './record.ts'
import { processesOf } from './sandbox-processes.ts'
import { DoubleSandbox, type SandboxWish } from './sandbox.ts'
import {
  TemplateStore,
  type ControlRequest,
  type ControlRoute,
  type ControlRoutes,
} from './template-store.ts'

export interface E2bDoubleOptions {
  /** The key that it takes. @default 'e2b_' and forty zeros */
  apiKey?: string
  /** @default 'both' */
  version?: ControlVersion
  /** @default 100 */
  maxSandboxes?: number
  /** @default 24 hours */
  maxTimeoutMs?: number
  /** Hosts `<port>-<id>.<domain>` are sandboxes. @default 'e2b.test' */
  domain?: string
  /** Further addresses of the control plane, e.g. the template API. */
  routes?: ControlRoutes[]
}

/** E2B on loopback: control plane, envd and the way to the ports of its sandboxes, on one port. */
export class E2bDouble {
  readonly apiKey: string
  readonly domain: string
  readonly templates: TemplateStore = new TemplateStore()
  readonly sandboxes: Map<string, DoubleSandbox> = new Map<string, DoubleSandbox>()
  readonly record: RequestRecord = new RequestRecord()
  /** Failures on demand. */
  readonly failures: FailureList = new FailureList()
  readonly #world: ControlWorld
  readonly #server: Server
  readonly #sockets = new Set<Duplex>()
  readonly #folder: string
  #routes: ControlRoute[] = []
  #port = 0

  private constructor(folder: string, options: E2bDoubleOptions) {
    const { apiKey = `e2b_${'0'.repeat(40)}`, domain = 'e2b.test', version = 'both' } = options
    const { maxSandboxes = 100, maxTimeoutMs = 24 * 3_600_000 } = options
    this.apiKey = apiKey
    this.domain = domain
    this.#folder = folder
    this.#world = {
      templates: this.templates,
      sandboxes: this.sandboxes,
      version,
      maxSandboxes,
      maxTimeoutMs,
      domain,
      make: (wish) => this.#make(wish),
    }
    this.#server = createServer((request, response) => void this.#answer(request, response))
    this.#server.on('upgrade', (request, socket, head) => void this.#upgrade(request, socket, head))
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  static async start(options: E2bDoubleOptions = {}): Promise<E2bDouble> {
    const folder = await mkdtemp(join(tmpdir(), 'e2b-double-'))
    const double = new E2bDouble(folder, options)
    await new Promise<void>((resolve) => double.#server.listen(0, '127.0.0.1', resolve))
    double.#port = (double.#server.address() as AddressInfo).port
    const { url, templates } = double
    double.#routes = (options.routes ?? []).map((make) => make({ url, templates, folder }))
    return double
  }

  /** Its origin: both `apiUrl` and `sandboxUrl`. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** What the SDK needs to speak to it. */
  get connection(): { apiKey: string; apiUrl: string; sandboxUrl: string; domain: string } {
    return { apiKey: this.apiKey, apiUrl: this.url, sandboxUrl: this.url, domain: this.domain }
  }

  /** Deletes a sandbox without a word to anybody, as an administrator would. */
  async remove(id: string): Promise<void> {
    await this.sandboxes.get(id)?.kill()
  }

  /** A sandbox with these metadata and nothing in it, not even a folder; for lists that are long. */
  pretend(metadata: Record<string, string>): DoubleSandbox {
    const template = { templateId: 'pretended', names: [] }
    const rest = { envs: {}, timeoutMs: 0, autoResume: false, network: undefined, allowInternetAccess: true }
    return this.#add({ template, alias: 'pretended', metadata, onTimeout: 'kill', ...rest })
  }

  /** Cuts every connection that there is; new ones are served. */
  cutConnections(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Sandboxes, their folders, and processes that work below them: what is left when everything should be gone. */
  async remains(): Promise<string[]> {
    const folder = join(this.#folder, 'sandboxes')
    const folders = await readdir(folder).catch(() => [])
    const processes = await processesOf('', folder, [])
    return [...this.sandboxes.keys(), ...folders, ...processes.map(String)]
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.cutConnections()
    await Promise.all([...this.sandboxes.values()].map((sandbox) => sandbox.kill()))
    await closed
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  }

  async #make(wish: SandboxWish): Promise<DoubleSandbox> {
    const sandbox = this.#add(wish)
    await sandbox.start()
    return sandbox
  }

  #add(wish: SandboxWish): DoubleSandbox {
    const sandbox = new DoubleSandbox(join(this.#folder, 'sandboxes'), wish, () =>
      this.sandboxes.delete(sandbox.id),
    )
    this.sandboxes.set(sandbox.id, sandbox)
    return sandbox
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = targetOf(request, this.domain)
    const door = target === undefined ? 'control' : target.port === ENVD_PORT ? 'envd' : 'port'
    const where = target === undefined ? {} : { sandboxId: target.id, port: target.port }
    const { entry, body } = this.record.note(request, { door, ...where })
    response.once('close', () => (entry.status = response.statusCode))
    try {
      await this.failures.meet(request.method ?? '', request.url ?? '')
      if (target === undefined) {
        await this.#control(request, response, body)
        return
      }
      const sandbox = await this.#awake(target.id)
      if (door === 'port') {
        checkTraffic(sandbox, request)
        await forward(sandbox, target.port, request, response, body)
        return
      }
      response.once('close', sandbox.hold(request.socket))
      await answerEnvd(sandbox, request, response, body)
    } catch (error) {
      body.resume()
      if (door === 'envd' && /^\/(filesystem|process)\./.test(request.url ?? ''))
        sendConnectFailure(response, error)
      else sendFailure(response, error)
    }
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy())
    const target = targetOf(request, this.domain)
    if (target === undefined) {
      refuseUpgrade(socket, 404, 'Not Found')
      return
    }
    this.record.noteUpgrade(request, { sandboxId: target.id, port: target.port })
    try {
      const sandbox = await this.#awake(target.id)
      checkTraffic(sandbox, request)
      await forwardUpgrade(sandbox, target.port, request, socket, head)
    } catch (error) {
      const { status, message } = error instanceof Refusal ? error : new Refusal(500, String(error))
      refuseUpgrade(socket, status, message)
    }
  }

  async #control(request: IncomingMessage, response: ServerResponse, body: Readable): Promise<void> {
    const url = new URL(request.url ?? '/', this.url)
    if (!url.pathname.startsWith('/upload/') && header(request, 'x-api-key') !== this.apiKey) {
      throw new Refusal(401, 'invalid API key')
    }
    const asked: ControlRequest = {
      method: request.method ?? '',
      url,
      headers: request.headers,
      body,
      text: async () => (await readAll(body)).toString('utf8'),
    }
    for (const route of this.#routes) {
      const answer = await route(asked)
      if (answer === undefined) continue
      send(response, answer)
      return
    }
    send(response, await answerControl(this.#world, asked))
  }

  /** A sandbox that runs, woken for traffic where it was made so. */
  async #awake(id: string): Promise<DoubleSandbox> {
    const sandbox = this.sandboxes.get(id)
    if (sandbox === undefined || sandbox.state === 'gone') throw new Refusal(502, 'The sandbox was not found')
    if (sandbox.state === 'paused') {
      if (!sandbox.wish.autoResume) throw new Refusal(502, 'The sandbox is paused')
      await sandbox.resume(sandbox.wish.timeoutMs)
    }
    return sandbox
  }
}
