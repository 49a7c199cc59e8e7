import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** The way to a server, with lines that can be cut. */
export async function startCutter(url: string): Promise<{ url: string; cut(): number }> {
  const lines = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(Number(new URL(url).port), '127.0.0.1')
    for (const line of [near, far]) {
      lines.add(line)
      line
        .on('error', () => {})
        .on('close', () => {
          lines.delete(line)
          near.destroy()
          far.destroy()
        })
    }
    near.pipe(far).pipe(near)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const cut = (): number => {
    const count = lines.size
    for (const line of lines) line.destroy()
    return count
  }
  onTestFinished(() => {
    server.close()
    cut()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, cut }
}
