// What the scripts around Docker share: the names of image and base, and calls of the command line.
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './steps.mjs'

export const IMAGE = 'claude-agent-server'

/** The image that the Dockerfile begins with. */
export const BASE = /^ARG BASE=(\S+)/m.exec(readFileSync(join(root, 'docker/Dockerfile'), 'utf8'))[1]

/** Runs a call of the command line. Its output is given back, and not shown. */
export function ask(args, env = process.env) {
  const { status, stdout, stderr, error } = spawnSync('docker', args, {
    encoding: 'utf8',
    env,
    timeout: 30_000,
  })
  return { ok: status === 0, stdout: (stdout ?? '').trim(), why: (error?.message ?? stderr ?? '').trim() }
}

/**
 * Builds the image of the working tree. Resolves with whether it worked.
 * @param log 'show' the builder's output, or 'keep' it and show it only when the build fails
 */
export async function buildImage({ name = IMAGE, base = BASE, env = process.env, log = 'show' } = {}) {
  const { version } = JSON.parse(readFileSync(join(root, 'packages/server/package.json'), 'utf8'))
  const revision = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout?.trim()
  const hasBuildKit = ask(['buildx', 'version'], env).ok
  // By name only: their values reach the builder by the environment, not by a command line.
  const passed = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy']
  const registry = findRegistry()
  const args = [
    'build',
    '--file=docker/Dockerfile',
    `--tag=${name}`,
    `--build-arg=BASE=${base}`,
    ...passed.filter((variable) => env[variable]).map((variable) => `--build-arg=${variable}`),
    ...(registry === undefined ? [] : ['--build-arg=NPM_CONFIG_REGISTRY']),
    `--label=org.opencontainers.image.version=${version}`,
    ...(revision ? [`--label=org.opencontainers.image.revision=${revision}`] : []),
    '.',
  ]
  const child = spawn('docker', args, {
    cwd: root,
    stdio: log === 'show' ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    env: {
      ...env,
      ...(registry === undefined ? {} : { NPM_CONFIG_REGISTRY: registry }),
      // Without buildx, the command asks for BuildKit and then fails.
      ...(hasBuildKit ? {} : { DOCKER_BUILDKIT: '0' }),
    },
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => (printed += text))
  }
  const code = await new Promise((resolve) => {
    child.once('error', () => resolve(1))
    child.once('close', resolve)
  })
  if (code !== 0 && log === 'keep') console.error(printed.slice(-4000))
  return code === 0
}

/** The registry that npm is configured for, where it is not the public one. */
function findRegistry() {
  const { stdout } = spawnSync('npm', ['config', 'get', 'registry'], { cwd: root, encoding: 'utf8' })
  const registry = stdout?.trim()
  return !registry || registry === 'undefined' || registry.startsWith('https://registry.npmjs.org')
    ? undefined
    : registry
}
