// node host.mjs: a model's host that does nothing but stream. POST /v1/messages?deltas=&perSecond= answers with lines that
// hold the time at which each was written, by a clock that all processes share; the body is counted.
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const server = createServer((request, response) => {
  const { searchParams } = new URL(request.url, 'http://host')
  let bytes = 0
  request.on('data', (chunk) => (bytes += chunk.length))
  request.on('end', () => void stream(response, bytes, searchParams))
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))

async function stream(response, bytes, parameters) {
  const [deltas, perSecond] = ['deltas', 'perSecond'].map((name) => Number(parameters.get(name) ?? 0))
  response.writeHead(200, { 'content-type': 'text/event-stream', 'x-bytes': String(bytes) })
  response.flushHeaders()
  const from = performance.now()
  for (let done = 0; done < deltas; done += 1) {
    const due = from + (done * 1000) / perSecond
    const early = due - performance.now()
    if (early > 0) await sleep(early)
    response.write(`data: ${process.hrtime.bigint()}\n\n`)
  }
  response.end()
}
