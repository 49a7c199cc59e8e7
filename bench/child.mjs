import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** What a child gets to start; to end it gets a little more than the server gives its agent. */
const START_MS = 30_000
const END_MS = 10_000

const children = new Map()
process.once('exit', () => {
  for (const child of children.keys()) child.kill('SIGKILL')
})

/** Ends the programs that still run, but for one, gently first. */
export async function stopChildren(except) {
  const rest = [...children].filter(([{ pid }]) => pid !== except?.id)
  await Promise.all(rest.map(([, stop]) => stop()))
}

/**
 * A program of Node in a process of its own.
 * @typedef {{ id: number, url: string, stop(): Promise<void> }} Child
 */

/**
 * Starts a program and waits until it prints where it listens.
 * @param {string[]} args
 * @param {Record<string, string>} env all of its environment
 * @returns {Promise<Child>}
 */
export async function startChild(args, env) {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  children.set(child, stop)
  const ended = new Promise((resolve) => {
    child.once('close', (code, signal) => {
      children.delete(child)
      resolve(`exit code ${code}, signal ${signal}`)
    })
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text))
  const url = new Promise((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      said += `${line}\n`
      const found = /http:\/\/[\d.]+:\d+/.exec(line)
      if (found !== null) resolve(found[0])
    })
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), START_MS)
  const failed = ended.then((how) =>
    Promise.reject(new Error(`${args.join(' ')} did not start (${how}):\n${said}`)),
  )
  try {
    return { id: /** @type {number} */ (child.pid), url: await Promise.race([url, failed]), stop }
  } finally {
    clearTimeout(timer)
    failed.catch(() => {})
  }

  async function stop() {
    child.kill('SIGTERM')
    const killer = setTimeout(() => child.kill('SIGKILL'), END_MS)
    await ended
    clearTimeout(killer)
  }
}
