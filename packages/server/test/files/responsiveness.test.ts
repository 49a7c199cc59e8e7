import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startFileServer, type FileServer } from './file-server.ts'

async function placeMany(server: FileServer, folder: string, count: number): Promise<void> {
  for (let start = 0; start < count; start += 500) {
    const parent = join(server.folder, folder, `part${start}`)
    await mkdir(parent, { recursive: true })
    await Promise.all(Array.from({ length: 500 }, (_, index) => writeFile(join(parent, `f${index}`), '')))
  }
}

/** How many other requests are answered until a long one is. */
async function countAnswers(server: FileServer, long: Promise<Response>): Promise<number> {
  const state = { isDone: false }
  const done = long.then(async (response) => {
    expect(response.ok).toBe(true)
    await response.arrayBuffer()
    state.isDone = true
  })
  let answers = 0
  while (!state.isDone) {
    expect((await server.request('GET', '/info')).status).toBe(200)
    answers += 1
  }
  await done
  return answers
}

test('while a large tree is listed, others are answered', async () => {
  const server = await startFileServer()
  await placeMany(server, 'tree', 3000)
  const list = server.request('GET', '', { path: 'tree', depth: '9' })
  expect(await countAnswers(server, list)).toBeGreaterThan(3)
})

test('while a large tree is removed, others are answered', async () => {
  const server = await startFileServer()
  await placeMany(server, 'tree', 3000)
  const removal = server.request('DELETE', '', { path: 'tree', recursive: 'true' })
  expect(await countAnswers(server, removal)).toBeGreaterThan(3)
  expect(await readdir(server.folder)).toEqual([])
})

test('while a large file goes up and down, others are answered', async () => {
  const server = await startFileServer()
  const body = new Uint8Array(64 * 2 ** 20)
  const upload = server.request('PUT', '/content', { path: 'large' }, { body })
  expect(await countAnswers(server, upload)).toBeGreaterThan(3)
  const download = server.request('GET', '/content', { path: 'large' })
  expect(await countAnswers(server, download)).toBeGreaterThan(3)
})

test('while a large tree comes under watch, others are answered, and a client that leaves meanwhile ends it', async () => {
  const server = await startFileServer()
  await placeMany(server, 'tree', 3000)
  const leaving = server.watch({ recursive: 'true' })
  const answers = await Promise.all(Array.from({ length: 5 }, () => server.request('GET', '/info')))
  expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200, 200])
  const early = await leaving
  early.socket.terminate()
  await early.closed
  const watched = await server.watch({ recursive: 'true' })
  await server.place('tree/part0/new', '')
  await watched.sees('create tree/part0/new')
})
