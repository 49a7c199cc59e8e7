import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { WebSocketServer } from 'ws'
import { headersOf, statusOf, toServerError } from '../transport/errors.ts'
import { openOwnDoor } from './file-door.ts'

// The program that serves the workspace with the rights of the agents' user. It knows no secret and asks nobody who he
// is: only the server can reach the socket that it was given, as descriptor 3. It ends when its input does.

const LISTENER = 3

const [folder = '', maxFileBytes = '0'] = process.argv.slice(2)
const door = await openOwnDoor(folder, Number(maxFileBytes))
const app = new Hono()
app.onError((error, c) => {
  const known = toServerError(error, c.req.raw.signal.aborted)
  return c.json(known.toJSON(), statusOf(known), headersOf(known))
})
app.route('/files', door.routes)
const answer = getRequestListener(app.fetch)
const server = createServer({ requestTimeout: 0 }, (request, response) => void answer(request, response))
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
server.on('upgrade', (request, raw, head) => {
  raw.on('error', () => raw.destroy())
  sockets.handleUpgrade(request, raw, head, (socket) => {
    socket.on('error', () => socket.terminate())
    door.watch(socket, new URL(request.url ?? '/', 'http://files'))
  })
})

const end = async (): Promise<void> => {
  process.stdin.removeAllListeners()
  server.close()
  server.closeAllConnections()
  for (const socket of sockets.clients) socket.terminate()
  await door.close()
  process.exit(0)
}
for (const event of ['end', 'error', 'close']) process.stdin.once(event, () => void end())
process.stdin.resume()
// The server's log is not to be lost, nor this program, when nobody reads it any more.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {})
server.listen({ fd: LISTENER }, () => process.stdout.write('ready\n'))
