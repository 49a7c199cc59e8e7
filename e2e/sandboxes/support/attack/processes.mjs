// Every process of /proc: environment, command line, open files, and the memory of those that let themselves be read.
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs'
import { attempt, count, find, me, search } from './report.mjs'

const PAGE = 4096
const BLOCK = 1024 * PAGE
/** Longer than any secret in any form, so that none is missed where two blocks meet. */
const OVERLAP = 1024

/** All processes but this one, with their user and what they are. */
export function listProcesses() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      const status = attempt(() => readFileSync(`/proc/${name}/status`, 'latin1'))
      const command = attempt(() => readFileSync(`/proc/${name}/cmdline`, 'latin1'))
      if (status === undefined || command === undefined) return []
      const user = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1])
      const isServer = /\bnode\S*\0.*claude-agent-server\.mjs/.test(command)
      const who = isServer
        ? 'the server'
        : user === me
          ? 'a process of the agent'
          : `a process of user ${user}`
      return [{ id: Number(name), user, who, isForeign: isServer || user !== me, isServer, status, command }]
    })
}

export function attackProcesses() {
  for (const one of listProcesses()) {
    count('processes')
    if (one.isServer) count('servers')
    search(Buffer.from(one.command, 'latin1'), `the command line of ${one.who}`)
    for (const name of ['environ', 'maps', 'auxv', 'stack', 'syscall', 'io']) readPart(one, name)
    follow(one)
    readOpenFiles(one)
    readMemory(one)
    if (one.isForeign && attempt(() => closeSync(openSync(`/proc/${one.id}/mem`, 'r+')) ?? true))
      find(`may write to the memory of ${one.who}`)
    if (one.isForeign && attempt(() => process.kill(one.id, 0))) find(`may signal ${one.who}`)
  }
}

function readPart({ id, who, isForeign }, name) {
  const bytes = attempt(() => readFileSync(`/proc/${id}/${name}`))
  if (bytes === undefined) return
  count(name)
  if (isForeign && bytes.length > 0) find(`reads ${name} of ${who}`)
  search(bytes, `${name} of ${who}`)
}

/** The folders of a process are a way around the rights of those above them. */
function follow({ id, who, isForeign }) {
  if (!isForeign) return
  for (const name of ['cwd', 'root'])
    if (attempt(() => readdirSync(`/proc/${id}/${name}/`)) !== undefined) find(`enters ${name} of ${who}`)
}

function readOpenFiles({ id, who, isForeign }) {
  const names = attempt(() => readdirSync(`/proc/${id}/fd`))
  if (names === undefined) return
  if (isForeign) find(`lists the open files of ${who}`)
  for (const name of names) {
    const path = attempt(() => readlinkSync(`/proc/${id}/fd/${name}`)) ?? ''
    if (!path.startsWith('/') || path.startsWith('/dev/')) continue
    const bytes = attempt(() => readRegular(`/proc/${id}/fd/${name}`))
    if (bytes === undefined) continue
    count('open files')
    search(bytes, `an open file of ${who}: ${path}`)
  }
}

/** The beginning of a file; undefined for what is none, such as a pipe, which could hang. */
export function readRegular(path) {
  const file = openSync(path, 0o4000)
  try {
    const state = fstatSync(file)
    if (!state.isFile()) return undefined
    const bytes = Buffer.alloc(Math.min(state.size || 1 << 20, 1 << 26))
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, null))
  } finally {
    closeSync(file)
  }
}

function readMemory({ id, who, isForeign }) {
  const memory = attempt(() => openSync(`/proc/${id}/mem`, 'r'))
  if (memory === undefined) return
  if (isForeign) find(`opens the memory of ${who}`)
  count('memories')
  const pages = attempt(() => openSync(`/proc/${id}/pagemap`, 'r'))
  const maps = attempt(() => readFileSync(`/proc/${id}/maps`, 'latin1')) ?? ''
  for (const line of maps.split('\n')) {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? []
    if (from === undefined) continue
    for (const [start, end] of listParts(pages, Number.parseInt(from, 16), Number.parseInt(to, 16))) {
      const bytes = Buffer.alloc(end - start)
      const read = attempt(() => readSync(memory, bytes, 0, bytes.length, start)) ?? 0
      count('bytes of memory', read)
      search(bytes.subarray(0, read), `the memory of ${who}`)
    }
  }
  closeSync(memory)
  if (pages !== undefined) closeSync(pages)
}

/** The parts of a range that are in memory or swapped out; most of what a runtime reserves never is. */
function* listParts(pages, from, to) {
  for (let at = from; at < to; at += BLOCK) {
    const end = Math.min(at + BLOCK, to)
    const entries = Buffer.alloc(((end - at) / PAGE) * 8)
    const read = pages && attempt(() => readSync(pages, entries, 0, entries.length, (at / PAGE) * 8))
    if (read !== entries.length) entries.fill(0xff)
    let start
    for (let page = 0; page <= entries.length / 8; page++) {
      const isThere = page * 8 < entries.length && (entries[page * 8 + 7] & 0xc0) !== 0
      if (isThere) start ??= page
      if (isThere || start === undefined) continue
      // A secret may go on where the next block begins.
      yield [at + start * PAGE, Math.min(at + page * PAGE + OVERLAP, to)]
      start = undefined
    }
  }
}
