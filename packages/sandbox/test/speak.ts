import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { ask, type HttpAnswer } from '../src/http.ts'
import type { Sandbox, SandboxEndpoint } from '../src/provider.ts'
import { until } from './until.ts'

const PATIENCE_MS = 15_000

/** One request to the server of a sandbox, with its token unless another one is given, or none. */
export async function http(
  sandbox: Sandbox,
  path: string,
  { json, token = sandbox.token }: { json?: unknown; token?: string | null } = {},
): Promise<HttpAnswer> {
  return await askAt(await sandbox.endpoint(), path, { json, token })
}

export async function askAt(
  endpoint: SandboxEndpoint,
  path: string,
  { json, token = null }: { json?: unknown; token?: string | null } = {},
): Promise<HttpAnswer> {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` }
  const method = json === undefined ? 'GET' : 'POST'
  return await ask(endpoint, { method, path, headers, json, timeoutMs: PATIENCE_MS })
}

export interface Handshake {
  /** 101 when the server took the WebSocket. */
  status: number
  /** The first message that it sent, a text. */
  first: string | undefined
}

/** Opens a WebSocket by hand, so that it is seen that nothing but the endpoint and the token is needed. */
export async function openSocket(
  endpoint: SandboxEndpoint,
  path: string,
  token: string | null,
): Promise<Handshake> {
  return await new Promise((resolve, reject) => {
    const sent = request(new URL(path, endpoint.url), {
      agent: false,
      timeout: PATIENCE_MS,
      headers: {
        ...endpoint.headers,
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      },
    })
    sent.once('timeout', () => sent.destroy(new Error(`No answer to an upgrade of ${path}.`)))
    sent.once('error', reject)
    sent.once('response', (answer) => {
      answer.resume()
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, first: undefined }))
    })
    sent.once('upgrade', (answer, socket, head) => {
      let bytes = head
      const read = (): void => {
        const first = readText(bytes)
        if (first === undefined) return
        socket.destroy()
        resolve({ status: answer.statusCode ?? 0, first })
      }
      socket.on('error', reject)
      socket.on('data', (part: Buffer) => {
        bytes = Buffer.concat([bytes, part])
        read()
      })
      read()
    })
    sent.end()
  })
}

/** The text of the first frame, once all of it is there. Servers do not mask. */
function readText(bytes: Buffer): string | undefined {
  if (bytes.length < 4) return undefined
  const short = bytes[1]! & 0x7f
  const [start, length] =
    short < 126
      ? [2, short]
      : short === 126
        ? [4, bytes.readUInt16BE(2)]
        : [10, Number(bytes.readBigUInt64BE(2))]
  return bytes.length < start + length ? undefined : bytes.toString('utf8', start, start + length)
}

interface LoggedEvent {
  type: string
  uuid?: string
  outcome?: string
  data?: { type: string; result?: string }
}

/** A session of a sandbox's server, spoken to over HTTP. It holds nothing of the connection, as after a restart. */
export class Conversation {
  readonly id: string
  readonly #sandbox: Sandbox

  constructor(sandbox: Sandbox, id: string) {
    this.#sandbox = sandbox
    this.id = id
  }

  static async begin(sandbox: Sandbox): Promise<Conversation> {
    const id = `talk-${randomUUID()}`
    const { status, body } = await http(sandbox, '/sessions', { json: { id } })
    if (status >= 300) throw new Error(`No session: ${status} ${JSON.stringify(body)}`)
    return new Conversation(sandbox, id)
  }

  /** Says something; resolves with the result of the turn. */
  async say(content: string): Promise<string> {
    const data = { type: 'user', uuid: randomUUID(), message: { role: 'user', content } }
    const { status, body } = await http(this.#sandbox, `/sessions/${this.id}/messages`, { json: { data } })
    if (status >= 300) throw new Error(`Not accepted: ${status} ${JSON.stringify(body)}`)
    const after = body['seq'] as number
    const events = await until(
      `the prompt '${content}' ends`,
      async () => {
        const page = await http(this.#sandbox, `/sessions/${this.id}/events?after=${after}&limit=1000`)
        const found = (page.body['events'] ?? []) as LoggedEvent[]
        return found.some(({ type, uuid }) => type === 'prompt_ended' && uuid === data.uuid) && found
      },
      60_000,
    )
    const result = events.findLast((event) => event.data?.type === 'result')?.data?.result
    const outcome = events.find(({ uuid, type }) => type === 'prompt_ended' && uuid === data.uuid)?.outcome
    if (outcome !== 'completed' || result === undefined)
      throw new Error(`It ended: ${JSON.stringify(events)}`)
    return result
  }
}
