// node live-server.mjs <dist of the server> <folder>: the server's feed, log and session sockets without sessions and
// agents, because no agent speaks fast enough. GET /publish?events= tells that many events as fast as readers take them.
import { createServer } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { sampleEvent } from '../history.mjs'

const [dist, folder] = process.argv.slice(2)
const load = async (name) => await import(new URL(name, dist).href)
const { JsonlLog } = await load('log/jsonl-log.js')
const { Feed } = await load('log/feed.js')
const { Access } = await load('transport/access.js')
const { Upgrade } = await load('transport/upgrade.js')
const { SessionLayer } = await load('transport/sessions/session-layer.js')

/** Events that are told at once, and bytes that may wait for a reader before the next ones are. */
const BATCH = 100
const MAX_WAITING = 256 * 1024

const feed = new Feed(await JsonlLog.open(folder))
const session = { id: 'live', feed, info: () => ({ id: 'live' }), onClosed: () => () => {}, warm() {} }
const maxFrameBytes = 1024 * 1024
const layer = new SessionLayer({ sessions: { open: async () => session }, version: 'bench', maxFrameBytes })
const upgrade = new Upgrade({
  access: new Access({ allowedOrigins: [], allowedHosts: [] }),
  maxFrameBytes,
  maxConnections: 1000,
  handlers: { '/sessions/:id/ws': (socket, url, raw, { id }) => void layer.serve(socket, url, raw, id) },
})

const sockets = new Set()
const server = createServer((request, response) => {
  const events = Number(new URL(request.url, 'http://bench').searchParams.get('events'))
  const from = String(process.hrtime.bigint())
  void publish(events).then(() => response.end(JSON.stringify({ from })))
})
server.on('connection', (socket) => {
  sockets.add(socket)
  socket.once('close', () => sockets.delete(socket))
})
upgrade.attach(server)
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))

async function publish(count) {
  const events = Array.from({ length: BATCH }, sampleEvent)
  for (let done = 0; done < count; done += BATCH) {
    for (const event of events) feed.publish(event)
    await feed.settled()
    while ([...sockets].some(({ writableLength }) => writableLength > MAX_WAITING)) await nextTurn()
  }
}
