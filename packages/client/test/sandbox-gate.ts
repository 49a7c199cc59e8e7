import { createServer, request as ask, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'

export interface Gate {
  readonly url: string
  close(): Promise<void>
}

export interface GatePass {
  method: string
  url: string
  headers: IncomingMessage['headers']
  body: string
}

/** The way into a sandbox, as an engine's edge: it lets nobody through without its header, and keeps what was asked. */
export async function startGate(target: string, pass: string, passes: GatePass[]): Promise<Gate> {
  const lines = new Set<Socket>()
  const { hostname, port } = new URL(target)
  const record = ({ method = '', url = '', headers }: IncomingMessage): GatePass => {
    const entry = { method, url, headers, body: '' }
    passes.push(entry)
    return entry
  }
  const server = createServer((request, response) => {
    const entry = record(request)
    request.on('data', (chunk: Buffer) => (entry.body += chunk.toString('utf8')))
    if (request.headers['x-gate'] !== pass) return void response.writeHead(404).end('no sandbox')
    const { method, url, headers } = request
    const onward = ask({ hostname, port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
    request.pipe(onward)
  })
  server.on('upgrade', (request, near: Socket, head: Buffer) => {
    record(request)
    near.on('error', () => {})
    if (request.headers['x-gate'] !== pass) {
      return near.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
    }
    const far = connect(Number(port), hostname)
    const { rawHeaders } = request
    let lines = `GET ${request.url} HTTP/1.1\r\n`
    for (let index = 0; index < rawHeaders.length; index += 2) {
      lines += `${rawHeaders[index]}: ${rawHeaders[index + 1]}\r\n`
    }
    far.write(`${lines}\r\n`)
    far.write(head)
    far.on('error', () => {}).on('close', () => near.destroy())
    near.on('close', () => far.destroy())
    near.pipe(far).pipe(near)
  })
  server.on('connection', (line) => {
    lines.add(line)
    line.on('close', () => lines.delete(line))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const line of lines) line.destroy()
      }),
  }
}
