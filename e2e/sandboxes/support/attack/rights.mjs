// Becoming somebody else: capabilities, groups, sudo, setuid programs, another namespace.
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { attempt, count, find, me } from './report.mjs'
import { listProcesses } from './processes.mjs'

const BECOME = [
  ['sudo', '-n', 'true'],
  ['su', '-c', 'true'],
  // E2B has a user of this name, without a password and with sudo.
  ['su', 'user', '-c', 'sudo -n true'],
  ['su', 'server', '-s', '/bin/sh', '-c', 'true'],
  ['setpriv', '--reuid=0', 'true'],
  ['setpriv', '--reuid=server', '--regid=server', '--clear-groups', 'true'],
  ['setpriv', '--reuid=900', 'true'],
  ['chroot', '/', 'true'],
  ['unshare', '--mount', 'true'],
  ['unshare', '--pid', '--fork', 'true'],
  ['nsenter', '--target', '1', '--mount', 'true'],
  ['mount', '-t', 'tmpfs', 'x', '/mnt'],
  ['pkexec', 'true'],
  ['doas', '-n', 'true'],
]

export function attackRights(setuid) {
  checkProcess('this process', readFileSync('/proc/self/status', 'latin1'))
  const processes = listProcesses()
  for (const { user, who, status, isServer } of processes)
    if (user === me && !isServer) checkProcess(who, status)
  const groups = process.getgroups().filter((group) => group !== process.getgid())
  if (groups.length > 0) find(`is in the groups ${groups.join(', ')}`)
  for (const [command, ...args] of BECOME) {
    count('commands')
    const { status } = spawnSync(command, args, { stdio: 'ignore', timeout: 20_000 })
    if (status === 0) find(`runs ${[command, ...args].join(' ')}`)
  }
  for (const path of setuid) runSetuid(path)
  for (const { id, who, isForeign, isServer } of processes)
    if (isForeign && isServer) asRootElsewhere(id, who)
}

/** What the process may do beyond its user. */
function checkProcess(who, status) {
  count('statuses')
  for (const name of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) {
    const set = new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1] ?? 'none told'
    if (!/^0+$/.test(set)) find(`${who} has ${name} ${set}`)
  }
  if (!/^NoNewPrivs:\s+1$/m.test(status)) find(`${who} may gain rights from programs`)
}

/** Runs a program that belongs to somebody else, and looks whom it runs as. */
function runSetuid(path) {
  count('setuid programs')
  // Node gives it back when it runs already.
  const child = spawn(path, [], { stdio: ['pipe', 'ignore', 'ignore'] })
  child.on('error', () => {})
  child.stdin.on('error', () => {})
  if (child.pid === undefined) return
  const status = attempt(() => readFileSync(`/proc/${child.pid}/status`, 'latin1')) ?? ''
  const ids = /^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1]
  const group = /^Gid:\s+\d+\s+(\d+)/m.exec(status)?.[1]
  if (ids !== undefined && (Number(ids) !== me || Number(group) !== process.getgid()))
    find(`${path} runs as user ${ids}, group ${group}`)
  child.kill('SIGKILL')
}

/** As root of a user namespace of its own, where the machine has such. */
function asRootElsewhere(id, who) {
  for (const path of [`/proc/${id}/environ`, '/var/lib/claude-agent-server/id', '/run/claude-agent/token']) {
    const { status } = spawnSync('unshare', ['--user', '--map-root-user', 'cat', path], { stdio: 'ignore' })
    count('commands')
    if (status === 0) find(`reads ${path.replace(String(id), `<${who}>`)} as root of a namespace`)
  }
}
