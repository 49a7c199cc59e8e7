import type { EventPage } from '@claude-agent/protocol'
import { pause } from '../../support/until.ts'
import { call } from '../call.ts'
import { Reader } from './reader.ts'

/** Reads page by page. */
export class PageReader extends Reader {
  abandon(): void {}

  protected async readOnce(): Promise<void> {
    const { ledger, network, random, session } = this.parts
    try {
      while (!this.isStopped) {
        const limit = random.between(1, 300)
        const after = ledger.cursor === undefined ? '' : `&after=${ledger.cursor}`
        const path = `/sessions/${session}/events?limit=${limit}${after}`
        const { log, events, gap } = (await call(network.port, 'GET', path)) as unknown as EventPage
        if (this.isStopped) return
        ledger.at(log)
        if (gap !== undefined) ledger.hear({ type: 'gap', ...gap })
        for (const event of events) ledger.hear(event)
        if (events.length < limit) await pause(random.between(100, 600))
      }
    } catch {
      // The line was dropped, or the server is away: the next page is asked for anew.
    }
  }
}
