import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { connect } from '@claude-agent/client'

/** Bytes of an event in the log, about. */
const EVENT_BYTES = 300
const BATCH = 500

/** What an agent said, as an event of about 300 bytes. */
export function sampleEvent() {
  const event = {
    type: 'sdk_message',
    data: {
      type: 'assistant',
      uuid: randomUUID(),
      session_id: '00000000-0000-4000-8000-000000000000',
      parent_tool_use_id: null,
      message: { role: 'assistant', content: [{ type: 'text', text: '' }] },
    },
  }
  const rest = JSON.stringify(event).length + '{"seq":10000,"at":1790000000000,'.length
  event.data.message.content[0].text = 'word '.repeat(EVENT_BYTES / 5).slice(0, EVENT_BYTES - rest)
  return event
}

/** An event as a log takes it. */
export function toDraft(event) {
  return { event, json: JSON.stringify(event) }
}

/** A data directory with one session whose log has so many events, written by the server's own code. */
export async function makeHistory(lab, session, count) {
  const dataDir = await lab.dataDir()
  const server = await lab.startServer({ dataDir })
  await connect({ url: server.url }).createSession({ id: session })
  await server.stop()
  const { JsonlLog } = await lab.product('log/jsonl-log.js')
  const log = await JsonlLog.open(join(dataDir, 'sessions', session))
  while (log.lastSeq < count) {
    const size = Math.min(BATCH, count - log.lastSeq)
    await log.append(Array.from({ length: size }, () => toDraft(sampleEvent())))
  }
  await log.close()
  return { dataDir, events: log.lastSeq }
}
