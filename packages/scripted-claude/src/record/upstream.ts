import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { ScriptedClaudeError } from '../errors.ts'

/** Header fields that belong to one connection, not to the request. */
const hopHeaders = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The real API that a recorder stands in front of. */
export class Upstream {
  readonly #url: URL

  /** @throws ScriptedClaudeError `invalid_option` */
  constructor(url: string) {
    this.#url = readUpstream(url)
  }

  /** Sends a request on; resolves with the answer once its headers are there. Redirects are not followed. */
  send(request: IncomingMessage, body: Buffer, signal: AbortSignal): Promise<IncomingMessage> {
    const { host: _host, 'content-length': _length, ...headers } = endToEnd(request.headers)
    const prefix = this.#url.pathname.replace(/\/$/, '')
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    return new Promise((resolve, reject) => {
      const open = this.#url.protocol === 'https:' ? requestHttps : requestHttp
      const sent: ClientRequest = open({
        protocol: this.#url.protocol,
        hostname: this.#url.hostname.replace(/^\[|\]$/g, ''),
        port: this.#url.port,
        path: `${prefix}${request.url ?? '/'}`,
        method: request.method ?? 'GET',
        headers: {
          ...headers,
          host: this.#url.host,
          // What is recorded has to be readable.
          'accept-encoding': 'identity',
          ...(isRead && body.length === 0 ? {} : { 'content-length': body.length }),
        },
        signal,
      })
      sent.once('response', resolve)
      sent.once('error', reject)
      sent.end(body)
    })
  }
}

/** The headers of a message that go on to the other side. */
export function endToEnd(headers: IncomingMessage['headers']): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopHeaders.has(name)))
}

function readUpstream(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw refuse(`--upstream is an http or https URL, not '${shown(text)}'.`)
  }
  if (url.username !== '' || url.password !== '') {
    throw refuse('--upstream has a user or password in it; the client sends the credentials.')
  }
  if (url.search !== '' || url.hash !== '') throw refuse('--upstream has a query or a fragment.')
  return url
}

/** A value as it may be shown: without credentials. */
function shown(text: string): string {
  return text.replace(/\/\/[^@/]*@/, '//…@').slice(0, 100)
}

function refuse(message: string): ScriptedClaudeError {
  return new ScriptedClaudeError({
    code: 'invalid_option',
    message,
    hint: 'Give the base URL, for example https://api.anthropic.com.',
  })
}
