import { spawn } from 'node:child_process'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ErrorBody } from '@claude-agent/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { startFileServer, type FileServer } from './file-server.ts'

// In a process of its own, which ends with this one: leads the link `d` to the directory inside, then to the one outside, then back…
const LINK_SWAPPER = `
  const { renameSync, symlinkSync } = require('node:fs')
  const [link, inside, outside] = process.argv.slice(1)
  const parent = process.ppid
  process.stdout.write('on')
  for (let target = outside; process.ppid === parent; target = target === inside ? outside : inside) {
    symlinkSync(target, link + '.next')
    renameSync(link + '.next', link)
  }`

// Makes a directory of a tree a symlink that leads out, and a directory again, whatever others do to it meanwhile.
const DIRECTORY_SWAPPER = `
  const { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } = require('node:fs')
  const [place, spare, outside] = process.argv.slice(1)
  const attempt = (task) => { try { task() } catch {} }
  const parent = process.ppid
  process.stdout.write('on')
  while (process.ppid === parent) {
    attempt(() => mkdirSync(place, { recursive: true }))
    for (const name of ['a', 'b', 'secret.txt']) attempt(() => writeFileSync(place + '/' + name, 'inside'))
    attempt(() => renameSync(place, spare))
    attempt(() => symlinkSync(outside, place))
    attempt(() => rmSync(place))
    attempt(() => renameSync(spare, place))
    attempt(() => rmSync(spare, { recursive: true }))
  }`

async function startRace(): Promise<FileServer> {
  const server = await startFileServer()
  for (const path of ['real/secret.txt', 'real/sub/kept.txt', 'real/a']) await server.place(path, 'inside')
  await mkdir(join(server.outside, 'sub'))
  await writeFile(join(server.outside, 'sub/kept.txt'), 'secret')
  await writeFile(join(server.outside, 'a'), 'secret')
  return server
}

async function swap(script: string, paths: string[]): Promise<void> {
  const swapper = spawn(process.execPath, ['-e', script, ...paths], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(async () => {
    const gone = new Promise((resolve) => swapper.once('exit', resolve))
    if (swapper.kill('SIGKILL')) await gone
  })
  await new Promise((resolve) => swapper.stdout.once('data', resolve))
}

async function swapLink(server: FileServer): Promise<void> {
  const { folder, outside } = server
  await symlink(join(folder, 'real'), join(folder, 'd'))
  await swap(LINK_SWAPPER, [join(folder, 'd'), join(folder, 'real'), outside])
}

/** Repeats a request until it has succeeded and has been refused, each many times; gives the texts of the successes. */
async function repeat(task: () => Promise<Response>): Promise<string[]> {
  const texts: string[] = []
  let refused = 0
  const end = Date.now() + 20_000
  while ((texts.length < 24 || refused < 24) && Date.now() < end) {
    const responses = await Promise.all(Array.from({ length: 8 }, task))
    for (const response of responses) {
      const text = await response.text()
      if (response.ok) texts.push(text)
      else if ((JSON.parse(text) as ErrorBody).code === 'path_outside_workspace') refused += 1
      else
        expect(['path_not_found', 'not_a_directory', 'not_a_file', 'path_exists']).toContain(
          JSON.parse(text).code,
        )
    }
  }
  expect(texts.length).toBeGreaterThan(0)
  expect(refused).toBeGreaterThan(0)
  return texts
}

async function readOutside(server: FileServer): Promise<Record<string, string>> {
  const names = (await readdir(server.outside, { recursive: true, withFileTypes: true })).filter((e) =>
    e.isFile(),
  )
  const files = names.map(({ parentPath, name }) => join(parentPath, name))
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  return Object.fromEntries(
    files.map((file, index) => [file.slice(server.outside.length + 1), texts[index] ?? '']),
  )
}

test.runIf(process.platform === 'linux').each<[string, (server: FileServer) => Promise<Response>]>([
  ['reads', (server) => server.request('GET', '/content', { path: 'd/secret.txt' })],
  ['lists', (server) => server.request('GET', '', { path: 'd', depth: '3' })],
  ['writes', (server) => server.request('PUT', '/content', { path: 'd/secret.txt' }, { body: 'inside' })],
  [
    'writes with new parents',
    (server) =>
      server.request('PUT', '/content', { path: `d/p${Math.random()}/new.txt` }, { body: 'inside' }),
  ],
  [
    'makes directories',
    (server) =>
      server.request('POST', '/directory', {}, { body: JSON.stringify({ path: `d/${Math.random()}` }) }),
  ],
])('%s that race with a swapped symlink stay inside', async (_, task) => {
  const server = await startRace()
  await swapLink(server)
  const before = await readOutside(server)
  const texts = await repeat(() => task(server))
  expect(texts.filter((text) => text.includes('secret') && !text.includes('secret.txt'))).toEqual([])
  expect(await readOutside(server)).toEqual(before)
  expect((await readdir(server.outside)).sort()).toEqual(['a', 'secret.txt', 'sub'])
})

test.runIf(process.platform === 'linux')(
  'removals and moves that race with a swapped symlink stay inside',
  async () => {
    const server = await startRace()
    await swapLink(server)
    const before = await readOutside(server)
    const move = (from: string, to: string): Promise<Response> =>
      server.request('POST', '/move', {}, { body: JSON.stringify({ from, to }) })
    let turn = 0
    await repeat(() => {
      turn += 1
      const path = turn % 4 === 0 ? 'd/sub' : 'd/a'
      if (turn % 4 === 1)
        return server.request('PUT', '/content', { path: 'd/sub/kept.txt' }, { body: 'inside' })
      if (turn % 4 === 2) return move('d/a', 'd/b').then((done) => (done.ok ? move('d/b', 'd/a') : done))
      return server.request('DELETE', '', { path, recursive: 'true' })
    })
    expect(await readOutside(server)).toEqual(before)
  },
)

test.runIf(process.platform === 'linux')(
  'a tree whose directory is swapped is listed and removed inside only',
  async () => {
    const server = await startRace()
    const before = await readOutside(server)
    await swap(DIRECTORY_SWAPPER, [
      join(server.folder, 'tree/x'),
      join(server.folder, 'spare'),
      server.outside,
    ])
    let removed = 0
    for (let round = 0; round < 3000 && (round < 100 || removed < 10); round += 1) {
      const list = await (await server.request('GET', '', { path: 'tree', depth: '9' })).text()
      expect(list).not.toContain('sub')
      const removal = await server.request('DELETE', '', { path: 'tree', recursive: 'true' })
      if (removal.ok) removed += 1
    }
    expect(removed).toBeGreaterThan(0)
    expect(await readOutside(server)).toEqual(before)
  },
)
