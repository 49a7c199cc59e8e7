import { ask, speak } from '../support/http.ts'
import { expect, test } from '../support/test.ts'

const upgrade =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'

const requests: string[] = [
  `GET // HTTP/1.1\r\nHost: localhost\r\n${upgrade}`,
  `GET //x:y:z/ws HTTP/1.1\r\nHost: localhost\r\n${upgrade}`,
  `GET http://[/ws HTTP/1.1\r\nHost: localhost\r\n${upgrade}`,
  `GET /%ff%00/ws HTTP/1.1\r\nHost: localhost\r\n${upgrade}`,
  `GET /../../ws/../ws HTTP/1.1\r\nHost: localhost\r\nSec-WebSocket-Version: 12\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`,
  `GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n`,
  `GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`,
  `POST /ws HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n${upgrade}`,
  `GET /__proto__ HTTP/1.1\r\nHost: localhost\r\n${upgrade}`,
  `GET // HTTP/1.1\r\nHost: localhost\r\n`,
  `GET /%ff HTTP/1.1\r\nHost: localhost\r\n`,
  `GET http://[ HTTP/1.1\r\nHost: localhost\r\n`,
  `OPTIONS * HTTP/1.1\r\nHost: localhost\r\n`,
  `CONNECT example.com:443 HTTP/1.1\r\nHost: localhost\r\n`,
  `GET /config HTTP/1.1\r\nHost: localhost\r\nX: ${'y'.repeat(100_000)}\r\n`,
  `GET /config HTTP/1.1\r\nHost: local host\r\n`,
  `GET /config HTTP/1.1\r\nHost: [\r\n`,
  `POST /config HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n`,
  `POST /config HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
  `PUT /files/content?path=%00 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n`,
  'no http at all\r\n',
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
]

test('requests that are broken on purpose get a 4xx or a closed socket, and are no fault of the server', async ({
  world,
}) => {
  const server = await world.server()
  for (const request of requests) {
    const name = JSON.stringify(request.slice(0, 80))
    const answer = await speak(server.port, `${request}Connection: close\r\n\r\n`)
    expect.soft(answer, name).toMatch(/^(HTTP\/1\.1 4\d\d |$)/)
    expect((await ask(`${server.url}/health`)).status, `alive after ${name}`).toBe(200)
  }
  expect(server.program.child.exitCode, 'it was the same server all the time').toBeNull()
  expect(server.program.stderr).toBe('')
})
