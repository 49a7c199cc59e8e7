import { connect } from 'node:net'
import { request, type IncomingHttpHeaders } from 'node:http'
import type { QueryConfig } from '@claude-agent/protocol'

/** What the tests look at in an answer; which of it is there depends on the address. */
interface Body {
  error?: string
  code?: string
  hint?: string
  success?: boolean
  config?: QueryConfig
  applies?: string
  status?: string
  entries?: object[]
}

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
  /** The body as JSON; empty when it is none. */
  json: Body
}

export interface Ask {
  method?: string
  headers?: Record<string, string>
  /** Text as it is, anything else as JSON. */
  body?: unknown
}

/** One HTTP request whose headers, `Host` included, are exactly those that were given. */
export async function ask(url: string, { method = 'GET', headers = {}, body }: Ask = {}): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const sent = request(url, { method, headers: { connection: 'close', ...headers } }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.once('error', reject)
      answer.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, json: parse(text) })
      })
    })
    sent.once('error', reject)
    sent.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body))
  })
}

/** Tries to upgrade to a WebSocket with exactly these headers: the status line's code, and the body of a refusal. */
export async function upgrade(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const sent = request(url.replace(/^ws/, 'http'), {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
      },
    })
    sent.once('error', reject)
    sent.once('upgrade', (answer, socket) => {
      socket.on('error', () => {})
      socket.destroy()
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: '', json: {} })
    })
    sent.once('response', (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => (text += part))
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, json: parse(text) }),
      )
    })
    sent.end()
  })
}

/**
 * Sends bytes to a port of loopback, and gives all that comes back until the other side closes. Who is refused before he
 * has said everything is refused by a reset: the system ends a connection so that has bytes which nobody has read.
 */
export async function speak(port: number, bytes: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    let heard = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket
      .setEncoding('latin1')
      .setTimeout(10_000, () => socket.destroy(new Error(`It waits after: ${heard}`)))
    socket.on('data', (text: string) => (heard += text))
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error)
    })
    socket.once('close', () => resolve(heard))
  })
}

function parse(text: string): Body {
  try {
    return JSON.parse(text) as Body
  } catch {
    return {}
  }
}
