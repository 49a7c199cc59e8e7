// The whole file system: what can be read and holds a secret, what can be written that is another's, what runs as another.
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  openSync,
  readdirSync,
  unlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import { attempt, count, find, given, me, search } from './report.mjs'
import { readRegular } from './processes.mjs'

/** Processes and devices are looked at elsewhere. */
const ELSEWHERE = new Set(['/proc', '/sys', '/dev'])

/** The server's own, its start, and what would make another program run in its place. */
const PLACES = [
  '/opt/claude-agent-server/attack',
  '/opt/claude-agent-server/packages/server/bin/claude-agent-server.mjs',
  '/opt/claude-agent-server/packages/server/dist/program/bin.js',
  '/opt/node_modules',
  '/node_modules',
  '/package.json',
  '/.env',
  '/usr/local/bin/start-claude-agent-server',
  '/usr/local/bin/node',
  '/usr/local/bin/setpriv',
  '/usr/bin/setpriv',
  '/run/claude-agent/seal.json',
  '/run/claude-agent/token',
  '/var/lib/claude-agent-server/attack',
  '/etc/passwd',
  '/etc/shadow',
  '/etc/sudoers.d/attack',
  '/etc/ld.so.preload',
  '/etc/profile.d/attack.sh',
  '/etc/cron.d/attack',
  '/root/.bashrc',
]
const SECRET_PLACES = ['/run/claude-agent', '/var/lib/claude-agent-server', '/etc/shadow']

/** Searches all files that can be read. Gives the programs that run as their owner. */
export function attackFiles() {
  for (const path of PLACES) writes(path)
  for (const path of SECRET_PLACES) opens(path)
  const setuid = []
  walk('/', setuid)
  for (const name of attempt(() => readdirSync('/dev')) ?? []) openDevice(join('/dev', name))
  for (const path of ['/sys/fs/cgroup', '/proc/sys/kernel/core_pattern', '/proc/sysrq-trigger'])
    if (attempt(() => accessSync(path, constants.W_OK) ?? true)) find(`may write to ${path}`)
  return setuid
}

function writes(path) {
  count('places to write')
  const wasThere = existsSync(path)
  if (attempt(() => closeSync(openSync(path, 'a')) ?? true) === undefined) return
  find(`writes ${path}`)
  if (!wasThere) attempt(() => unlinkSync(path))
}

function opens(path) {
  count('places to read')
  if (attempt(() => accessSync(path, constants.R_OK) ?? true)) find(`reads ${path}`)
}

function walk(folder, setuid) {
  for (const name of attempt(() => readdirSync(folder)) ?? []) {
    const path = join(folder, name)
    const state = attempt(() => lstatSync(path))
    if (state === undefined || state.isSymbolicLink()) continue
    if (state.uid !== me && (state.mode & 0o1000) === 0) checkWrite(path, state)
    if (state.isDirectory()) {
      if (!ELSEWHERE.has(path)) walk(path, setuid)
      continue
    }
    count('files')
    if (!state.isFile()) continue
    if ((state.mode & 0o6000) !== 0 && state.uid !== me) setuid.push(path)
    // What was written before the secrets were drawn holds none of them.
    if (state.ctimeMs < given.sinceMs) continue
    const bytes = attempt(() => readRegular(path))
    if (bytes === undefined) continue
    count('files searched')
    search(bytes, `the file ${path}`)
  }
}

function checkWrite(path, state) {
  if (given.open.includes(path) || state.isSocket() || state.isCharacterDevice()) return
  if (attempt(() => accessSync(path, constants.W_OK) ?? true)) find(`may write to ${path}`)
}

/** Disks and the memory of the machine. */
function openDevice(path) {
  const state = attempt(() => lstatSync(path))
  if (state === undefined) return
  const isMachine = state.isBlockDevice() || /^\/dev\/(mem|kmem|port)$/.test(path)
  if (isMachine && attempt(() => accessSync(path, constants.R_OK) ?? true)) find(`reads ${path}`)
}
