// The Docker engine of the tests: the one that is there, or on Debian as root one of their own, with the image built.
import { spawn, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { hasCommands, installPackages, mayInstall } from './debian.mjs'
import { ask, BASE, buildImage } from './docker.mjs'

/** Kept between runs, so that the second one has its layers already. Removing it costs time only. */
const FOLDER = join(tmpdir(), 'claude-agent-server-docker')
/** The engine that is started here. */
export const OWN_ENGINE = { host: `unix://${join(FOLDER, 'docker.sock')}`, pidFile: join(FOLDER, 'pid') }
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt'
const START_MS = 30_000

/**
 * Makes an engine ready. Gives the variables that tests need to find it; `makeImage`, which takes a minute or more, and of
 * which tests hear by the file that `TEST_DOCKER_IMAGE` names: why there is no image, or nothing; and `stop`, which ends
 * what was started here.
 */
export async function startDockerEngine() {
  const stops = []
  const stop = async () => {
    for (const end of stops.splice(0)) await end()
  }
  const folder = mkdtempSync(join(tmpdir(), 'test-docker-'))
  const told = join(folder, 'image')
  stops.push(() => rmSync(folder, { recursive: true, force: true }))
  const tell = (reason) => {
    if (reason !== '') console.log(`The tests in Docker are left out: ${reason}.`)
    writeFileSync(`${told}.part`, reason)
    renameSync(`${told}.part`, told)
  }
  try {
    const env = await findEngine(stops)
    const makeImage = async () => {
      try {
        await build(env)
        tell('')
      } catch (error) {
        tell(error.message)
      }
    }
    return { env: { ...env, TEST_DOCKER_IMAGE: told }, makeImage, stop }
  } catch (error) {
    tell(error.message)
    return { env: { ...process.env, TEST_DOCKER_IMAGE: told }, makeImage: async () => {}, stop }
  }
}

async function build(env) {
  console.log('Building the image for the tests in Docker …')
  const begin = performance.now()
  if (env.DOCKER_HOST === OWN_ENGINE.host && !ask(['image', 'inspect', BASE], env).ok) makeBase(env)
  if (!(await buildImage({ env, log: 'keep' }))) throw new Error('the image could not be built; see above')
  console.log(`The image is there after ${((performance.now() - begin) / 1000).toFixed(1)} s.`)
}

/** The environment in which `docker` reaches an engine. */
async function findEngine(stops) {
  if (ask(['info']).ok) return { ...process.env }
  const env = { ...process.env, DOCKER_HOST: OWN_ENGINE.host }
  if (ask(['info'], env).ok) return env
  if (!mayInstall) throw new Error('no engine answers, and one can be installed only on Debian as root')
  install(['docker.io', 'iptables', 'mmdebstrap'], ['dockerd', 'docker', 'iptables', 'mmdebstrap'])
  stops.push(await startEngine(env))
  return env
}

function install(packages, commands) {
  if (hasCommands(commands)) return
  console.log("Installing Debian's Docker for the tests …")
  if (!installPackages(packages) || !hasCommands(commands))
    throw new Error("Debian's Docker could not be installed")
}

/** Starts an engine with folders of its own. Gives what ends it. */
async function startEngine(env) {
  mkdirSync(FOLDER, { recursive: true, mode: 0o700 })
  rmSync(OWN_ENGINE.pidFile, { force: true })
  const log = openSync(join(FOLDER, 'log'), 'w')
  const child = spawn(
    'dockerd',
    [
      `--data-root=${join(FOLDER, 'data')}`,
      `--exec-root=${join(FOLDER, 'exec')}`,
      `--pidfile=${OWN_ENGINE.pidFile}`,
      `--host=${OWN_ENGINE.host}`,
    ],
    { stdio: ['ignore', log, log] },
  )
  const ended = new Promise((resolve) => child.once('exit', resolve).once('error', resolve))
  const end = async () => {
    child.kill('SIGTERM')
    await ended
  }
  process.once('exit', () => child.kill('SIGTERM'))
  const until = Date.now() + START_MS
  while (!ask(['info'], env).ok) {
    if (child.exitCode !== null || Date.now() > until) {
      await end()
      const words = readFileSync(join(FOLDER, 'log'), 'utf8').trim().split('\n').at(-1)
      throw new Error(`the engine did not start (${words})`)
    }
    await delay(100)
  }
  return end
}

/**
 * Makes the base of the image from Debian's packages and this machine's Node, under the name that the Dockerfile asks
 * for: a machine for tests may reach no registry of images. It gets this machine's certificates, so that npm works in it.
 */
function makeBase(env) {
  console.log(`Making ${BASE} from Debian's packages …`)
  const folder = mkdtempSync(join(FOLDER, 'base-'))
  try {
    const rootfs = join(folder, 'rootfs')
    must('mmdebstrap', [
      '--quiet',
      '--variant=minbase',
      '--aptopt=APT::Install-Recommends "false"',
      ...['man', 'doc', 'locale', 'info'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
      '--include=usr-is-merged,libstdc++6,ca-certificates',
      /-(bookworm|trixie)-/.exec(BASE)?.[1] ?? 'stable',
      rootfs,
      findMirror(),
    ])
    copyNode(join(rootfs, 'usr/local'))
    if (existsSync(CERTIFICATES)) cpSync(realpathSync(CERTIFICATES), join(rootfs, CERTIFICATES))
    const change = `ENV NODE_EXTRA_CA_CERTS=${CERTIFICATES}`
    must('sh', ['-c', 'tar -C "$0" -c . | docker import --change "$1" - "$2"', rootfs, change, BASE], { env })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Node and npm, where the official image has them. */
function copyNode(to) {
  const modules = 'lib/node_modules/npm'
  const found = spawnSync('sh', ['-c', 'readlink -f "$(command -v npm)"'], { encoding: 'utf8' }).stdout.trim()
  mkdirSync(join(to, 'bin'), { recursive: true })
  cpSync(realpathSync(process.execPath), join(to, 'bin/node'))
  cpSync(dirname(dirname(found)), join(to, modules), { recursive: true, dereference: true })
  for (const name of ['npm', 'npx'])
    symlinkSync(join('..', modules, 'bin', `${name}-cli.js`), join(to, 'bin', name))
}

/** The mirror of Debian that this machine uses. */
function findMirror() {
  const folder = '/etc/apt/sources.list.d'
  const files = [
    '/etc/apt/sources.list',
    ...(existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []),
  ]
  const text = files.map((file) => (existsSync(file) ? readFileSync(file, 'utf8') : '')).join('\n')
  return (
    /^(?:deb .*?|URIs:\s*)(https?:\/\/\S+\/debian)\/?(?=\s)/m.exec(text)?.[1] ??
    'http://deb.debian.org/debian'
  )
}

function must(command, args, options) {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 26, ...options })
  if (status !== 0) throw new Error(`'${command}' failed: ${(stderr ?? '').trim().slice(-500)}`)
}
