// A server that does of claude-agent-server only what creating a sandbox asks for: /health, the seal, an echo over
// HTTP and WebSocket with the token. For tests of the double and of the provider that need no agent.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

const sealFile = process.env.CLAUDE_AGENT_SEAL_FILE
let token
let variables = []
let error

const timer = setInterval(() => {
  if (!existsSync(sealFile)) return
  let env
  try {
    env = JSON.parse(readFileSync(sealFile, 'utf8')).env
  } catch {
    return // It is half written.
  }
  rmSync(sealFile)
  if (env.CLAUDE_AGENT_TOKEN === undefined) {
    error = 'CLAUDE_AGENT_TOKEN is missing'
    return
  }
  token = env.CLAUDE_AGENT_TOKEN
  variables = Object.keys(env).sort()
  clearInterval(timer)
}, 10)

const isMine = (request) => token !== undefined && request.headers.authorization === `Bearer ${token}`

const server = createServer((request, response) => {
  const answer = (status, body) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  if (request.url === '/health') {
    answer(200, { status: 'ok', sealed: token === undefined, ...(error === undefined ? {} : { error }) })
    return
  }
  if (token === undefined) return answer(503, { code: 'sealed' })
  if (!isMine(request)) return answer(401, { code: 'unauthorized' })
  answer(200, { pid: process.pid, url: request.url, headers: request.headers, variables })
})
const sockets = new WebSocketServer({ noServer: true })
server.on('upgrade', (request, socket, head) => {
  if (!isMine(request)) return socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n')
  sockets.handleUpgrade(request, socket, head, (opened) =>
    opened.on('message', (data, isBinary) => opened.send(data, { binary: isBinary })),
  )
})
server.listen(Number(process.env.PORT), process.env.HOST)
