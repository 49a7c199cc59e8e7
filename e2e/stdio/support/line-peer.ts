import { WebSocket } from 'ws'
import { until } from '../../support/until.ts'

interface Line {
  type: string
  [field: string]: unknown
}

/** A client that speaks the lines of the SDK, right or wrong. */
export class LinePeer {
  readonly lines: Line[] = []
  readonly socket: WebSocket
  /** How the socket ended. */
  closed: { code: number; reason: string } | undefined
  #requests = 0

  constructor(url: string, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(url, { headers, perMessageDeflate: false, maxPayload: 0 })
    this.socket.on('error', () => {})
    this.socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }))
    let rest = ''
    this.socket.on('message', (data) => {
      const lines = (rest + (data as Buffer).toString('utf8')).split('\n')
      rest = lines.pop()!
      for (const line of lines) if (line !== '') this.lines.push(JSON.parse(line) as Line)
    })
  }

  async open(): Promise<this> {
    await until('the socket is open', () => this.socket.readyState === WebSocket.OPEN)
    return this
  }

  /** Sends a text as it is. */
  write(text: string | Buffer): void {
    this.socket.send(text)
  }

  send(line: object): void {
    this.write(`${JSON.stringify(line)}\n`)
  }

  /** Makes a control request; gives what answers it. */
  async request(request: object): Promise<Record<string, unknown>> {
    const request_id = `r${(this.#requests += 1)}`
    this.send({ type: 'control_request', request_id, request })
    const line = await this.next(
      ({ type, response }) =>
        type === 'control_response' && (response as { request_id: string }).request_id === request_id,
    )
    return line['response'] as Record<string, unknown>
  }

  prompt(content: unknown): void {
    this.send({ type: 'user', message: { role: 'user', content }, parent_tool_use_id: null })
  }

  /** A line that fits, now or later. */
  async next(fits: (line: Line) => boolean): Promise<Line> {
    return await until(`a line ${String(fits)}`, () => this.lines.find(fits), 25_000)
  }

  async result(text: string): Promise<Line> {
    return await this.next(({ type, ...line }) => type === 'result' && JSON.stringify(line).includes(text))
  }
}
