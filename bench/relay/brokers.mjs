// node brokers.mjs <dist of the server> <url of the model's host>: the two brokers of a server, without the rest of it: one
// that speaks to the model itself, and one that hands its requests to clients on /model. GET / says where they are.
import { createServer } from 'node:http'

const [dist, host] = process.argv.slice(2)
const load = async (name) => await import(new URL(name, dist).href)
const { Broker } = await load('agent/broker/broker.js')
const { Upstream } = await load('agent/broker/upstream.js')
const { ClientUpstream } = await load('agent/broker/client-upstream.js')
const { Access } = await load('transport/access.js')
const { Upgrade } = await load('transport/upgrade.js')
const { serveModelSocket } = await load('transport/model-socket.js')

const brought = new ClientUpstream()
const brokers = {
  direct: await Broker.start(new Upstream(new URL(host))),
  relay: await Broker.start(brought),
}
const doors = Object.entries(brokers).map(([name, broker]) => {
  const { placeholder } = broker.grant(() => ({ header: 'x-api-key', value: 'scripted' }))
  return [name, { url: broker.url, placeholder }]
})
const upgrade = new Upgrade({
  access: new Access({ allowedOrigins: [], allowedHosts: [] }),
  maxFrameBytes: 1024 * 1024,
  maxConnections: 100,
  handlers: { '/model': (socket, _url, raw) => serveModelSocket(socket, raw, brought) },
})
const server = createServer((_request, response) => response.end(JSON.stringify(Object.fromEntries(doors))))
upgrade.attach(server)
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
