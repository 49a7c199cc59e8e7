import { connect, createServer } from 'node:net'
import { once } from 'node:events'

/** A way to a server of this machine on which everything takes a while, the making of connections too. */
export async function openDelayedLine(url, oneWayMs) {
  const port = Number(new URL(url).port)
  const sockets = new Set()
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    // The client thinks that it is connected at once, a round trip earlier than over a real line.
    const openAt = performance.now() + 2 * oneWayMs
    carry(near, far, oneWayMs, openAt)
    carry(far, near, oneWayMs, 0)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.once('close', () => {
        near.destroy()
        far.destroy()
        sockets.delete(socket)
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

function carry(from, to, oneWayMs, openAt) {
  from.on('data', (chunk) => {
    const wait = Math.max(oneWayMs, openAt + oneWayMs - performance.now())
    setTimeout(() => !to.destroyed && to.write(chunk), wait)
  })
  from.on('end', () => setTimeout(() => to.end(), oneWayMs))
}
