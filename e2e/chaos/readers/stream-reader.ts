import { request, type ClientRequest } from 'node:http'
import { parseCursor, type SessionDown } from '@claude-agent/protocol'
import { Reader } from './reader.ts'

/** Reads server-sent events, as an `EventSource` does: what is not ended by an empty line never came. */
export class StreamReader extends Reader {
  #request: ClientRequest | undefined

  abandon(): void {
    this.#request?.destroy()
  }

  protected async readOnce(): Promise<void> {
    const { ledger, network, session } = this.parts
    await new Promise<void>((resolve) => {
      const sent = request({
        port: network.port,
        host: '127.0.0.1',
        path: `/sessions/${session}/events`,
        headers: {
          accept: 'text/event-stream',
          ...(ledger.cursor === undefined ? {} : { 'last-event-id': ledger.cursor }),
        },
      })
      this.#request = sent
      sent.once('error', () => resolve())
      sent.once('close', () => resolve())
      sent.once('response', (answer) => {
        let rest = ''
        answer.on('error', () => resolve())
        answer.setEncoding('utf8').on('data', (part: string) => {
          if (sent.destroyed || answer.statusCode !== 200) return
          const blocks = (rest + part).split('\n\n')
          rest = blocks.pop()!
          for (const block of blocks) this.#hear(block)
        })
      })
      sent.end()
    })
  }

  #hear(block: string): void {
    const lines = block.split('\n')
    const id = lines.find((line) => line.startsWith('id: '))?.slice(4)
    const data = lines.find((line) => line.startsWith('data: '))?.slice(6)
    const log = id === undefined ? undefined : parseCursor(id)?.log
    if (log !== undefined) this.parts.ledger.at(log)
    if (data !== undefined) this.parts.ledger.hear(JSON.parse(data) as SessionDown)
  }
}
