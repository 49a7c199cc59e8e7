// What the root scripts share: installing when needed, building, and running programs with the runtime that was used.
import { spawn } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** True when the script was started by `bun run`: what it installs and starts is then bun's too. */
export const isBun = (process.env.npm_config_user_agent ?? '').startsWith('bun/')

/** The runtime for the programs that are started. */
export const runtime = isBun ? 'bun' : process.execPath

/** Runs a command in the root folder, its output on the terminal. Resolves with its exit code. */
export function run(command, args, { passes = [], ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options })
    for (const signal of passes) process.on(signal, () => child.kill(signal))
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 128)))
  })
}

/** Runs a command that must work; ends this program with its exit code when it does not. */
export async function must(command, args, options) {
  const code = await run(command, args, options)
  if (code !== 0) {
    console.error(`\n'${command} ${args.join(' ')}' exited with code ${code}.`)
    process.exit(code)
  }
}

/** A program of an installed package. */
export function bin(name) {
  return join(root, 'node_modules', '.bin', name)
}

/** Installs the dependencies unless they are there and as new as package-lock.json. */
export async function install() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Node ${process.versions.node} is too old: 20.19 or newer is needed.`)
    process.exit(1)
  }
  const stamps = isBun
    ? ['node_modules/.bun-tag', 'bun.lock']
    : ['node_modules/.package-lock.json', 'package-lock.json']
  const [installed, wanted] = stamps.map((name) => join(root, name))
  const isFresh = isBun
    ? existsSync(join(root, 'node_modules/typescript'))
    : existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs
  if (isFresh) return
  console.log('Installing dependencies …')
  if (isBun) await must('bun', ['install'])
  else await must('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
}

function program(file) {
  return join(root, 'node_modules', file)
}

/** Builds every package, the server's programs and the page. Quick when nothing changed. */
export async function build() {
  await must(process.execPath, [program('typescript/bin/tsc'), '-b'])
  const inPackage = (name) => ({ cwd: join(root, 'packages', name) })
  await must(
    process.execPath,
    [program('rolldown/bin/cli.mjs'), '-c'],
    // What is written is listed there; what went wrong is not.
    { ...inPackage('server'), stdio: ['inherit', 'ignore', 'inherit'] },
  )
  await must(process.execPath, [program('vite/bin/vite.js'), 'build', '--logLevel', 'warn'], inPackage('web'))
}
