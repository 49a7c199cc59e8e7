import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createDockerCommand } from '../../src/docker/command.ts'
import { inspectContainer, type Container } from '../../src/docker/container.ts'
import { docker, type DockerOptions } from '../../src/docker/docker.ts'
import { isSameMachine, locate } from '../../src/docker/locate.ts'
import { ensureNetwork, ownNetwork } from '../../src/docker/network.ts'
import { removeContainer } from '../../src/docker/remove.ts'
import { buildRun, SERVER_PORT } from '../../src/docker/run-arguments.ts'
import { waitUntilReady } from '../../src/ready.ts'
import type { Engine, OpenEngine, SealedSandbox } from '../engine.ts'
import { until } from '../until.ts'

export const call = createDockerCommand('docker')
/** The image is made while other tests run. */
const IMAGE_MS = 600_000
/** Small, so that several fit on the machine of a test. */
export const RESOURCES = { memoryMb: 2048 } as const

/** Why nothing can be tested in Docker here; undefined when the engine and the image are there. */
export async function findReason(): Promise<string | undefined> {
  const told = process.env['TEST_DOCKER_IMAGE']
  const hear = (file: string): Promise<string | undefined> => readFile(file, 'utf8').catch(() => undefined)
  const reason = told && (await until('the image is made', () => hear(told), IMAGE_MS))
  if (reason) return `No Docker: ${reason}.`
  return await call(['image', 'inspect', 'claude-agent-server', '--format', '{{.Id}}']).then(
    () => undefined,
    (error: Error) => `No Docker: ${error.message}`,
  )
}

/** Where this machine is reached from containers: the address of the engine's own bridge. */
export async function findModelHost(): Promise<{ host: string; address: string }> {
  const format = '{{(index .IPAM.Config 0).Gateway}}'
  const gateway = (await call(['network', 'inspect', 'bridge', '--format', format])).trim()
  return (await isSameMachine(call))
    ? { host: gateway, address: gateway }
    : { host: '0.0.0.0', address: 'host.docker.internal' }
}

/** The name of the container. */
export function nameOf(id: string): string {
  return id.slice('docker:'.length)
}

/** Kills the server of a sandbox with SIGKILL. The engine may have started it again when this resolves. */
async function killServer(id: string): Promise<void> {
  const name = nameOf(id)
  const { restarts } = await inspectContainer(call, name)
  await call(['exec', name, 'sh', '-c', 'kill -9 $(pgrep -x -u server node)'])
  await until('the server is dead', async () => {
    const { status, restarts: now } = await inspectContainer(call, name)
    return status !== 'running' || now > restarts
  })
}

/** The engine of this machine. What is made through this provider has a label of its own. */
export const engine: Engine = {
  name: 'docker',
  async open() {
    const reason = await findReason()
    return reason === undefined ? await open() : { skip: reason }
  },
}

async function open(): Promise<OpenEngine> {
  const label = `test-${randomBytes(6).toString('hex')}`
  const options: DockerOptions = { labels: { [label]: 'yes' }, lossCheckMs: 300 }
  const filter = `--filter=label=${label}`
  const { host, address } = await findModelHost()
  const list = async (...args: string[]): Promise<string[]> =>
    (await call([...args, filter])).split('\n').filter(Boolean)
  return {
    provider: docker(options),
    create: { resources: RESOURCES },
    missingTemplate: 'claude-agent-server-that-is-not-there',
    modelHost: host,
    modelUrl: (port) => `http://${address}:${port}`,
    killServer,
    async deleteBehind(id) {
      await call(['rm', '--force', '--volumes', nameOf(id)])
    },
    async leftovers() {
      const volumes = await list('volume', 'ls', '--quiet')
      return [...(await list('ps', '--all', '--format={{.Names}}')), ...volumes]
    },
    async exposed() {
      const names = await list('ps', '--all', '--format={{.Names}}')
      const logs = await Promise.all(names.map((name) => call(['logs', name], { output: 'both' })))
      const labels = await list('ps', '--all', '--no-trunc', '--format={{json .}}')
      return [...logs, ...labels, ...(await list('volume', 'ls', '--format={{json .}}'))]
    },
    unreachable: () => docker({ ...options, command: 'docker-that-is-not-installed' }),
    creator: { module: '@claude-agent/sandbox/docker', factory: 'docker', options },
    sealed: () => createSealed(label),
    async close() {},
  }
}

/** The image without a token, as a template has it. */
async function createSealed(label: string): Promise<SealedSandbox> {
  const name = `claude-agent-sealed-${randomBytes(6).toString('hex')}`
  const network = ownNetwork(false)
  await ensureNetwork(call, network)
  const { args } = buildRun({
    name,
    image: 'claude-agent-server',
    token: '',
    network,
    timeoutMs: 300_000,
    host: '127.0.0.1',
    ports: [],
    labels: { [label]: 'yes' },
    runtime: undefined,
    resources: RESOURCES,
  })
  await call(['run', ...args.filter((argument) => argument !== '--env=CLAUDE_AGENT_TOKEN')])
  const container: Container = await inspectContainer(call, name)
  const endpoint = locate(container, SERVER_PORT)!
  await waitUntilReady(endpoint, { until: 'sealed' })
  return {
    endpoint,
    unseal: (token) => writeSeal(name, JSON.stringify({ env: { CLAUDE_AGENT_TOKEN: token } })),
    close: () => removeContainer(call, name),
  }
}

/** Writes the seal file as the server's user, whole at once, its content over stdin. */
async function writeSeal(name: string, content: string): Promise<void> {
  const file = '/run/claude-agent/seal.json'
  const write = `umask 077 && cat > ${file}.part && mv ${file}.part ${file}`
  await new Promise<void>((resolve, reject) => {
    const args = ['exec', '--interactive', '--user=server', name, 'sh', '-c', write]
    const child = execFile('docker', args, (error) => (error === null ? resolve() : reject(error)))
    child.stdin?.end(content)
  })
}
