import { WebSocket } from 'ws'
import { expect, test } from '../support/test.ts'

/** Runs one prompt and leaves in the very moment of its result, as short programs do. */
async function runOnce(url: string, prompt: string): Promise<string[]> {
  const results: string[] = []
  const socket = new WebSocket(url)
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject)
    socket.on('close', () => resolve())
    socket.on('message', (data: Buffer) => {
      const { type, data: message } = JSON.parse(data.toString()) as {
        type: string
        data?: Record<string, string>
      }
      if (type === 'connected') {
        const content = { role: 'user', content: prompt }
        socket.send(JSON.stringify({ type: 'user_message', data: { type: 'user', message: content } }))
      }
      if (message?.['type'] !== 'result') return
      results.push(message['result'] ?? '')
      if (message['result'] === `echo: ${prompt}`) socket.close(1000, `received ${message['uuid']}`)
    })
  })
  return results
}

test('A client that ends its socket with code 1000 and the reason `received <uuid>` acknowledges that message and all before it', async ({
  world,
}) => {
  const { server, client } = await world.talk()
  await client.close()
  expect(await runOnce(server.wsUrl, 'one')).toEqual(['echo: one'])
  expect(await runOnce(server.wsUrl, 'two')).toEqual(['echo: two'])
  expect(await runOnce(server.wsUrl, 'three')).toEqual(['echo: three'])
})
