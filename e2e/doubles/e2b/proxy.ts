import {
  request as askHttp,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex, Readable } from 'node:stream'
import { header, Refusal, send } from './answer.ts'
import type { DoubleSandbox } from './sandbox.ts'

/** Where a request is for: a port of a sandbox, by routing headers or by the first name of its host. */
export function targetOf(request: IncomingMessage, domain: string): { id: string; port: number } | undefined {
  const host = (header(request, 'host') ?? '').replace(/:\d+$/, '')
  const byName = /^(\d+)-([a-z0-9]+)\.(.+)$/.exec(host)
  if (byName !== null && byName[3] === domain) return { port: Number(byName[1]), id: byName[2]! }
  const [id, port] = [header(request, 'e2b-sandbox-id'), header(request, 'e2b-sandbox-port')]
  // As E2B's proxy: the headers count where the host is an address, `localhost` or `sandbox.…`.
  const mayRoute = /^(\d+\.\d+\.\d+\.\d+|\[.*\]|localhost|sandbox\..*)$/.test(host)
  return id === undefined || port === undefined || !mayRoute ? undefined : { id, port: Number(port) }
}

/** Refuses who lacks the token of a sandbox that is not public. */
export function checkTraffic(sandbox: DoubleSandbox, request: IncomingMessage): void {
  if (sandbox.isPublic || header(request, 'e2b-traffic-access-token') === sandbox.trafficToken) return
  throw new Refusal(403, 'Sandbox is secured with traffic access token. Token header is missing or invalid')
}

/** Hands a request to a port of a sandbox and its answer back. */
export async function forward(
  sandbox: DoubleSandbox,
  port: number,
  request: IncomingMessage,
  response: ServerResponse,
  body: Readable,
): Promise<void> {
  response.once('close', sandbox.hold(request.socket))
  await new Promise<void>((resolve) => {
    response.once('close', resolve)
    const onward = askHttp({
      host: sandbox.address,
      port,
      method: request.method,
      path: request.url,
      headers: onwardHeaders(request),
      agent: false,
    })
    response.once('close', () => onward.destroy())
    onward.once('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.once('error', () => response.destroy())
      answer.pipe(response)
    })
    onward.once('error', () => {
      if (response.headersSent) response.destroy()
      else refuseClosed(sandbox, port, response)
    })
    body.once('error', () => onward.destroy())
    body.pipe(onward)
  })
}

function refuseClosed(sandbox: DoubleSandbox, port: number, response: ServerResponse): void {
  const message = 'The sandbox is running but port is not open'
  send(response, { status: 502, body: { sandboxId: sandbox.id, message, port, code: 502 } })
}

/** Hands an upgrade to a port of a sandbox, byte for byte from then on. */
export async function forwardUpgrade(
  sandbox: DoubleSandbox,
  port: number,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  sandbox.hold(socket)
  const onward: Socket = connect(port, sandbox.address)
  const end = (): void => {
    socket.destroy()
    onward.destroy()
  }
  onward.once('error', () => {
    if (!socket.destroyed) refuseUpgrade(socket, 502, 'Bad Gateway')
    onward.destroy()
  })
  socket.once('error', end)
  onward.once('close', end)
  socket.once('close', end)
  onward.once('connect', () => {
    const lines = Object.entries(onwardHeaders(request)).flatMap(([name, value]) =>
      [value].flat().map((one) => `${name}: ${String(one)}`),
    )
    onward.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
    onward.write(head)
    onward.pipe(socket)
    socket.pipe(onward)
  })
}

export function refuseUpgrade(socket: Duplex, status: number, message: string): void {
  socket.end(`HTTP/1.1 ${status} ${message}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** The headers without those that are for the proxy alone. */
function onwardHeaders(request: IncomingMessage): OutgoingHttpHeaders {
  const { 'e2b-traffic-access-token': _token, ...rest } = request.headers
  return rest
}
