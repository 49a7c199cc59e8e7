import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { Agent, request, type Server } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { AgentServerError } from '@claude-agent/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { SealedServer } from '../src/seal.ts'
import type { RunningServer } from '../src/server.ts'
import { temporaryFolder, until } from './support.ts'

const TOKEN = 'token-of-sixteen'
const CONTENT = { env: { CLAUDE_AGENT_TOKEN: TOKEN, ANTHROPIC_API_KEY: 'sk-of-the-test' } }

interface Sealed {
  server: SealedServer
  sealFile: string
  /** What it was opened with, once each. */
  opened: Record<string, string>[]
  told: string[]
  health: () => Promise<Record<string, unknown>>
  /** Resolves when /health gives a fault that has these words. */
  fault: (words: string) => Promise<string>
}

/** A sealed server whose opening answers every request with `open`, after `open` was awaited. */
async function seal(
  open: (variables: Record<string, string>) => unknown = () => {},
  name = 'seal.json',
): Promise<Sealed> {
  const sealFile = join(await temporaryFolder(), name)
  const opened: Record<string, string>[] = []
  const told: string[] = []
  const server = await SealedServer.listen({
    host: '127.0.0.1',
    port: 0,
    sealFile,
    open: async (variables, listening) => {
      opened.push(variables)
      await open(variables)
      return takeOver(listening)
    },
    tell: (line) => told.push(line),
  })
  onTestFinished(() => server.close())
  const health = async (): Promise<Record<string, unknown>> =>
    (await (await fetch(`${server.url}/health`)).json()) as Record<string, unknown>
  const fault = async (words: string): Promise<string> => {
    await until(`the fault: ${words}`, async () => String((await health())['error']).includes(words))
    return String((await health())['error'])
  }
  return { server, sealFile, opened, told, health, fault }
}

function takeOver(listening: Server): RunningServer {
  listening.removeAllListeners('request').removeAllListeners('upgrade')
  listening.on('request', (_request, response) => response.end('open'))
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      listening.close(() => resolve())
      listening.closeAllConnections()
    })
  return { url: '', close, ended: new Promise(() => {}) }
}

/** Writes a file as one piece. */
async function put(path: string, content: unknown): Promise<void> {
  await writeFile(`${path}.new`, typeof content === 'string' ? content : JSON.stringify(content))
  await rename(`${path}.new`, path)
}

describe('a sealed server', () => {
  test('says so by its health', async () => {
    const { health } = await seal()
    expect(await health()).toEqual({
      status: 'ok',
      version: expect.any(String) as string,
      protocol: expect.any(Number) as number,
      sealed: true,
    })
  })

  test.each([
    ['GET', '/'],
    ['GET', '/sessions'],
    ['POST', '/sessions'],
    ['PUT', '/files/content?path=x'],
    ['POST', '/health'],
    ['POST', '/lease'],
  ])('refuses %s %s with `sealed`', async (method, path) => {
    const { server } = await seal()
    const body = method === 'GET' ? {} : { body: 'x'.repeat(100_000) }
    const answer = await fetch(server.url + path, {
      method,
      headers: { authorization: `Bearer ${TOKEN}` },
      ...body,
    })
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await answer.json()).toMatchObject({ code: 'sealed', retryAfterMs: 1000 })
  })

  test('refuses an upgrade with `sealed`, and ends the connection', async () => {
    const { server } = await seal()
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.setEncoding('utf8')
    socket.write('GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    let heard = ''
    socket.on('data', (text: string) => (heard += text))
    await once(socket, 'close')
    expect(heard).toMatch(/^HTTP\/1.1 503 [^]*"code":"sealed"/)
  })

  test('ends when it is closed, and nothing that comes later opens it', async () => {
    const { server, sealFile, opened } = await seal()
    await server.close()
    await put(sealFile, CONTENT)
    expect(await server.opened).toBeUndefined()
    expect(opened).toEqual([])
    await expect(fetch(server.url)).rejects.toThrow('fetch failed')
  })

  test('that is closed while it opens closes what it became', async () => {
    let go = (): void => {}
    const { server, sealFile, opened } = await seal(() => new Promise<void>((resolve) => (go = resolve)))
    await put(sealFile, CONTENT)
    await until('it opens', () => opened.length === 1)
    const closed = server.close()
    go()
    await closed
    await expect(fetch(server.url)).rejects.toThrow('fetch failed')
  })
})

describe('the seal file', () => {
  test('opens it once, with its variables, and is gone before', async () => {
    let isThere = true
    const { server, sealFile, opened } = await seal(() => (isThere = existsSync(sealFile)))
    await put(sealFile, CONTENT)
    await server.opened
    expect(isThere).toBe(false)
    await put(sealFile, { env: { CLAUDE_AGENT_TOKEN: 'another-token-of-it' } })
    expect(await (await fetch(`${server.url}/health`)).text()).toBe('open')
    expect(opened).toEqual([CONTENT.env])
    expect(existsSync(sealFile)).toBe(true)
  })

  test('is found in a folder that was not there at the start', async () => {
    const { server, sealFile, opened } = await seal(undefined, 'later/seal.json')
    await mkdir(join(sealFile, '..'))
    await put(sealFile, CONTENT)
    await server.opened
    expect(opened).toHaveLength(1)
  })

  test('may be written in pieces', async () => {
    const { server, sealFile, opened } = await seal()
    const text = JSON.stringify(CONTENT)
    await writeFile(sealFile, '')
    for (const piece of [text.slice(0, 5), text.slice(5, 40), text.slice(40)]) {
      await new Promise((go) => setTimeout(go, 20))
      await writeFile(sealFile, piece, { flag: 'a' })
    }
    await server.opened
    expect(opened).toEqual([CONTENT.env])
  })

  test('that stays half a file is told of, stays, and counts once it is whole', async () => {
    const { server, sealFile, opened, told, fault } = await seal()
    const text = JSON.stringify(CONTENT)
    await writeFile(sealFile, text.slice(0, 50))
    expect(await fault('is no JSON')).not.toContain(TOKEN)
    expect(told).toEqual([expect.stringContaining('It stays sealed. The seal file is no JSON.')])
    await writeFile(sealFile, text.slice(50), { flag: 'a' })
    await server.opened
    expect(opened).toHaveLength(1)
  })

  test('that is wrong is removed, and another one counts', async () => {
    const { server, sealFile, opened, fault, health } = await seal()
    await put(sealFile, { env: { CLAUDE_AGENT_TOKEN: 'short-secret' } })
    expect(await fault('less than 16 characters')).not.toContain('short-secret')
    expect(await health()).toMatchObject({ sealed: true, status: 'ok' })
    expect(existsSync(sealFile)).toBe(false)
    await put(sealFile, CONTENT)
    await server.opened
    expect(opened).toEqual([CONTENT.env])
  })

  test('with loader variables opens it without them, and the operator is told', async () => {
    const { server, sealFile, opened, told } = await seal()
    await put(sealFile, { env: { ...CONTENT.env, NODE_OPTIONS: '--inspect=0.0.0.0' } })
    await server.opened
    expect(opened).toEqual([CONTENT.env])
    expect(told).toEqual(['NODE_OPTIONS of the seal file is ignored: the server runs already.'])
  })
})

describe('a start that fails', () => {
  test('leaves it sealed, is told of without what the file brought, and the next file counts', async () => {
    let isBroken = true
    const { server, sealFile, opened, told, fault } = await seal(
      ({ ANTHROPIC_API_KEY: key, SHORT: word }) => {
        if (!isBroken) return
        throw new AgentServerError({
          code: 'invalid_setting',
          message: `ANTHROPIC_BASE_URL='https://x/${key}' of ${word} is wrong.`,
          hint: `Not ${TOKEN}.`,
        })
      },
    )
    await put(sealFile, { env: { ...CONTENT.env, SHORT: 'is' } })
    expect(await fault('ANTHROPIC_BASE_URL')).toBe("ANTHROPIC_BASE_URL='https://x/…' of is is wrong. Not ….")
    expect(told.join('\n')).not.toMatch(/sk-of-the-test|token-of-sixteen/)
    isBroken = false
    await put(sealFile, CONTENT)
    await server.opened
    expect(opened).toHaveLength(2)
  })

  test('by a fault of its own does the same', async () => {
    const { sealFile, fault } = await seal(() => {
      throw new Error('the disk sk-of-the-test')
    })
    await put(sealFile, CONTENT)
    expect(await fault('The start failed')).toBe('The start failed: Error: the disk …')
  })
})

test('connections stay: one that was refused while it was sealed is served after', async () => {
  const { server, sealFile } = await seal()
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  const ask = async (): Promise<{ port: number | undefined; text: string }> =>
    await new Promise((resolve, reject) => {
      const sent = request(`${server.url}/sessions`, { agent }, (answer) => {
        let text = ''
        const port = answer.socket.localPort
        answer.setEncoding('utf8').on('data', (part: string) => (text += part))
        answer.once('end', () => resolve({ port, text }))
      })
      sent.once('error', reject)
      sent.end()
    })
  const before = await ask()
  await put(sealFile, CONTENT)
  await server.opened
  const after = await ask()
  expect(before.text).toContain('"code":"sealed"')
  expect(after).toEqual({ port: before.port, text: 'open' })
})
