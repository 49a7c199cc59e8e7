import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createDirectoryStore } from '../../src/mirror/directory-store.ts'
import { createHttpStore } from '../../src/mirror/http-store.ts'
import { Mirror } from '../../src/mirror/mirror.ts'
import type { MirrorStore } from '../../src/mirror/mirror-store.ts'
import { archiveOf, inPieces, SDK_ID } from '../archive/archive-file.ts'
import { createWorld, type ArchiveWorld } from '../archive/world.ts'
import { temporaryFolder, until } from '../support.ts'

const execute = promisify(execFile)

/** A store in memory that can be made to fail, and notes each try. */
class MemoryStore implements MirrorStore {
  readonly files = new Map<string, Buffer>()
  readonly tries: [string, string][] = []
  isDown = false
  /** It has the bytes, but the answer is lost. */
  losesAnswers = false

  async put(name: string, bytes: Buffer): Promise<void> {
    this.tries.push([name, bytes.toString()])
    if (this.isDown) throw new TypeError('down')
    this.files.set(name, bytes)
    if (this.losesAnswers) throw new TypeError('lost')
  }

  /** All of a session, as `cat` gives it. */
  all(id: string): Buffer {
    const names = [...this.files.keys()].filter((name) => name.startsWith(`${id}/`)).sort()
    return Buffer.concat(names.map((name) => this.files.get(name)!))
  }
}

async function start(world: ArchiveWorld, store: MirrorStore, maxBytes = 100_000_000): Promise<Mirror> {
  const { sessions, host } = world
  const folder = join(world.folder, 'mirror')
  const mirror = await Mirror.open({ folder, store, sessions, host, maxBytes, lookMs: 20, pauseMs: 20 })
  let isClosed = false
  onTestFinished(async () => (isClosed ? undefined : await mirror.close()))
  const close = mirror.close.bind(mirror)
  mirror.close = async () => {
    isClosed = true
    await close()
  }
  return mirror
}

async function say(world: ArchiveWorld, text: string): Promise<void> {
  const { feed } = await world.sessions.open('there')
  await feed.offer({ type: 'info', data: text })
}

/** A world with one session that has a transcript. */
async function populate(): Promise<ArchiveWorld> {
  const world = await createWorld()
  await world.archives.import(inPieces(archiveOf({ files: { 'tool-results/a.txt': 'much' } }), 1000))
  return world
}

describe('the mirror', () => {
  test('has everything of a session in order, from which another server makes the same one', async () => {
    const world = await populate()
    const store = new MemoryStore()
    const mirror = await start(world, store)
    await until('the first part is there', () => store.files.size === 1)
    for (const text of ['one', 'two', 'three']) {
      await say(world, text)
      await until(`${text} is there`, () => store.all('there').includes(`"data":"${text}"`))
    }
    const path = Object.keys(await world.home()).find((name) => name.endsWith('.jsonl'))!
    const more = { type: 'user', uuid: 'u9', parentUuid: 'm1', sessionId: SDK_ID, message: {} }
    await writeFile(join(world.folder, 'home', path), `${JSON.stringify(more)}\n`, { flag: 'a' })
    await say(world, 'four')
    await until('the transcript is there', () => store.all('there').includes('"uuid":"u9"'))
    await mirror.close()
    expect(mirror.health()).toMatchObject({ state: 'ok', pendingBytes: 0, lagMs: 0 })
    const numbers = [...store.files.keys()].map((name) => Number(name.split('/')[2]!.slice(0, 12)))
    expect(numbers).toEqual(numbers.map((_, index) => index + 1))
    const other = await createWorld()
    const { info } = await other.archives.import(inPieces(store.all('there'), 1000))
    const before = await world.sessions.info('there')
    expect(info).toMatchObject({ id: 'there', lastSeq: before.lastSeq + 1, sdkSessionId: SDK_ID })
    const files = await other.home()
    expect(Object.values(files).sort()).toHaveLength(2)
    expect(Object.values(files).some((text) => text.includes('"uuid":"u9"'))).toBe(true)
    expect(Object.values(files)).toContain('much')
  })

  test('drops nothing while its store is down, and sends the same bytes under the same name until they are taken', async () => {
    const warned = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => warned.mockRestore())
    const world = await populate()
    const store = new MemoryStore()
    store.isDown = true
    const mirror = await start(world, store)
    for (const text of ['one', 'two', 'three']) {
      const { pendingBytes } = mirror.health()
      await say(world, text)
      await until(`${text} waits`, () => mirror.health().pendingBytes > pendingBytes)
    }
    await until('it was tried twice', () => store.tries.length > 1)
    expect(mirror.health()).toMatchObject({ state: 'failing' })
    expect(mirror.health().lagMs).toBeGreaterThan(0)
    expect(new Set(store.tries.map(([name]) => name)).size).toBe(1)
    store.isDown = false
    store.losesAnswers = true
    await until('it has the first', () => store.files.size === 1)
    store.losesAnswers = false
    await until('all is taken', () => mirror.health().pendingBytes === 0)
    const bytesOf = new Map<string, Set<string>>()
    for (const [name, bytes] of store.tries) bytesOf.set(name, (bytesOf.get(name) ?? new Set()).add(bytes))
    expect([...bytesOf.values()].map(({ size }) => size)).toEqual([...bytesOf].map(() => 1))
    for (const text of ['one', 'two', 'three'])
      expect(store.all('there').toString()).toContain(`"data":"${text}"`)
    expect(warned).toHaveBeenCalledTimes(1)
  })

  test('goes on after a kill at any step of making a section, with nothing left out or doubled', async () => {
    const world = await populate()
    const store = new MemoryStore()
    store.isDown = true
    const warned = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => warned.mockRestore())
    const first = await start(world, store)
    await until('something waits', () => first.health().pendingBytes > 0)
    await first.close()
    const folder = join(world.folder, 'mirror/there')
    const name = (await readdir(folder)).find((one) => one.endsWith('.part'))!
    // Counted, but not under its name yet; and one that was not counted.
    await rename(join(folder, name), join(folder, `${name}.new`))
    await writeFile(join(folder, name.replace('000000000001', '000000000002').concat('.new')), 'half')
    store.isDown = false
    await say(world, 'afterwards')
    const second = await start(world, store)
    await until('all is taken', () => store.all('there').includes('afterwards'))
    await second.close()
    const other = await createWorld()
    const { info } = await other.archives.import(inPieces(store.all('there'), 1000))
    expect(info.lastSeq).toBe((await world.sessions.info('there')).lastSeq + 1)
  })

  test('puts up no more than it may, says that it is full, and goes on without a gap when there is room', async () => {
    const warned = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => warned.mockRestore())
    const world = await populate()
    const store = new MemoryStore()
    store.isDown = true
    const mirror = await start(world, store, 2000)
    await say(world, 'x'.repeat(5000))
    await until('something waits', () => mirror.health().pendingBytes > 2000)
    await say(world, 'beyond')
    await until('it is full', () => mirror.health().state === 'full')
    expect(mirror.health().pendingBytes).toBeLessThan(20_000)
    store.isDown = false
    await until('it has room', () => store.all('there').includes('"data":"beyond"'))
    await until('it is well', () => mirror.health().state === 'ok')
    const other = await createWorld()
    await other.archives.import(inPieces(store.all('there'), 1000))
  })

  test('on a full disk says so, and goes on without a gap when there is room', async ({ skip }) => {
    if (process.getuid?.() !== 0) skip('only root can mount a small disk')
    const warned = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => warned.mockRestore())
    const world = await populate()
    const disk = join(world.folder, 'mirror')
    await mkdir(disk)
    try {
      await execute('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk])
    } catch (error) {
      skip(`no tmpfs can be mounted here: ${(error as Error).message}`)
    }
    onTestFinished(async () => void (await execute('umount', ['-l', disk])))
    await writeFile(join(disk, 'ballast'), Buffer.alloc(200 * 1024))
    const store = new MemoryStore()
    const mirror = await start(world, store)
    await until('the first part is there', () => store.files.size === 1)
    await say(world, 'x'.repeat(100_000))
    await until('it is full', () => mirror.health().state === 'full')
    await say(world, 'afterwards')
    await rm(join(disk, 'ballast'))
    await until('it has all', () => store.all('there').includes('"data":"afterwards"'))
    await mirror.close()
    const other = await createWorld()
    const { info } = await other.archives.import(inPieces(store.all('there'), 1000))
    expect(info.lastSeq).toBe((await world.sessions.info('there')).lastSeq + 1)
  })

  test('begins a transcript anew that was written anew, and a generation where events were dropped before it had them', async () => {
    const warned = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => warned.mockRestore())
    const world = await populate()
    const store = new MemoryStore()
    const mirror = await start(world, store)
    await until('the first part is there', () => store.files.size === 1)
    const path = Object.keys(await world.home()).find((name) => name.endsWith('.jsonl'))!
    await writeFile(join(world.folder, 'home', path), '{"type":"user","uuid":"anew","parentUuid":null}\n')
    await say(world, 'one')
    await until('it is there', () => store.all('there').includes('"uuid":"anew"'))
    await mirror.close()
    const other = await createWorld()
    await other.archives.import(inPieces(store.all('there'), 1000))
    expect(Object.values(await other.home()).join('')).toMatch(/^[^\n]*"anew"[^\n]*\n/)
    expect(Object.values(await other.home()).join('')).not.toContain('"u1"')
    const position = join(world.folder, 'mirror/there/position.json')
    const known = JSON.parse(await readFile(position, 'utf8')) as object
    await writeFile(position, JSON.stringify({ ...known, generation: 'old-1', log: { id: 'old', seq: 5 } }))
    const again = await start(world, store)
    await until('it begins anew', () => warned.mock.calls.flat().join().includes('begins anew'))
    await again.close()
    const generations = [...store.files.keys()].map((name) => name.split('/')[1]!).sort()
    const parts = [...store.files].filter(([name]) => name.includes(generations.at(-1)!))
    const third = await createWorld()
    await third.archives.import(inPieces(Buffer.concat(parts.map(([, bytes]) => bytes)), 1000))
  })

  test('keeps what it has of a session that is deleted, and forgets what waited for it once it was taken', async () => {
    const world = await populate()
    const store = new MemoryStore()
    const warned = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => warned.mockRestore())
    store.isDown = true
    const mirror = await start(world, store)
    await until('something waits', () => mirror.health().pendingBytes > 0)
    await world.sessions.delete('there')
    store.isDown = false
    await until('it is taken', () => store.files.size === 1)
    await until('nothing is left', async () => (await readdir(join(world.folder, 'mirror'))).length === 0)
  })

  test('has no secret of options in it', async () => {
    const world = await createWorld()
    const store = new MemoryStore()
    await world.sessions.create({ id: 'there', options: { env: { KEY: 'sk-very-secret' } } })
    await start(world, store)
    await say(world, 'hello')
    await until('it is there', () => store.all('there').includes('hello'))
    expect(store.all('there').toString()).not.toContain('sk-very-secret')
  })
})

describe('a store', () => {
  test.each(['sixteen\nletters', 'sixteen…letters'])(
    'with a token that no header can carry is refused at the start, and the token is in no error',
    (token) => {
      const open = (): unknown => createHttpStore('http://127.0.0.1:1', token)
      expect(open).toThrow(/CLAUDE_AGENT_MIRROR_TOKEN has characters/)
      expect(open).not.toThrow(/sixteen/)
    },
  )

  test('in a directory has files whole or not at all', async () => {
    const folder = join(await temporaryFolder(), 'volume')
    const store = createDirectoryStore(folder)
    await store.put('a/b/000000000001.part', Buffer.from('first'), AbortSignal.timeout(1000))
    await mkdir(join(folder, 'a/b/000000000002.part'))
    await expect(
      store.put('a/b/000000000002.part', Buffer.from('x'), AbortSignal.timeout(1000)),
    ).rejects.toThrow()
    expect(await readFile(join(folder, 'a/b/000000000001.part'), 'utf8')).toBe('first')
    await rm(folder, { recursive: true })
  })

  test('over HTTP takes a PUT with its token, whose refusal is an error, and follows no redirect', async () => {
    const heard: string[] = []
    let status = 200
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const { method, url, headers } = request
        heard.push(`${method} ${url} ${headers.authorization} ${Buffer.concat(chunks).toString()}`)
        response.writeHead(status, { location: 'http://127.0.0.1:9/' }).end('whatever')
      })
    })
    await new Promise<void>((go) => server.listen(0, '127.0.0.1', go))
    onTestFinished(() => void server.close())
    const store = createHttpStore(
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`,
      'the-token',
    )
    const put = async (): Promise<void> =>
      await store.put('a/b.part', Buffer.from('bytes'), AbortSignal.timeout(5000))
    await put()
    expect(heard).toEqual(['PUT /base/a/b.part Bearer the-token bytes'])
    for (status of [403, 500, 302]) await expect(put()).rejects.toThrow()
  })
})
