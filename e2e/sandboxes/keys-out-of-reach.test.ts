import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '@claude-agent/e2b-build'
import { docker } from '@claude-agent/sandbox/docker'
import { e2b } from '@claude-agent/sandbox/e2b'
import { Sandbox as E2bSandbox } from 'e2b'
import { afterAll, beforeAll, beforeEach, type TestContext } from 'vitest'
import {
  call,
  findModelHost,
  findReason,
  nameOf,
  RESOURCES,
} from '../../packages/sandbox/test/docker/engine.ts'
import { E2bDouble } from '../doubles/e2b/double.ts'
import { templateRoutes } from '../doubles/e2b/templates.ts'
import { whyNoRoots } from '../doubles/e2b/templates-enter.ts'
import { ask } from '../support/http.ts'
import { noTime } from '../support/long.ts'
import { script } from '../support/messages.ts'
import { describe, expect, test, type World } from '../support/test.ts'
import { until } from '../support/until.ts'
import { ATTACK, attack, drawSecret, type Report } from './support/attack.ts'
import { copyWorkingTree } from './support/working-tree.ts'

const LONG = 300_000
const SERVER = '/opt/claude-agent-server/packages/server/bin/claude-agent-server.mjs'
const KEY = 'the key'
const TOKEN = 'the token'

/** An attack that looked at nothing would find nothing. */
function expectThorough({ looked }: Report): void {
  expect(looked).toMatchObject(
    Object.fromEntries(
      ['servers', 'environ', 'memories', 'files searched', 'setuid programs', 'ports', 'placeholders'].map(
        (kind) => [kind, expect.any(Number)],
      ),
    ),
  )
  expect(looked['processes']).toBeGreaterThan(3)
  expect(looked['bytes of memory']).toBeGreaterThan(10_000_000)
  expect(looked['files']).toBeGreaterThan(5_000)
  expect(looked['requests']).toBeGreaterThan(50)
  expect(looked['upgrades']).toBeGreaterThan(5)
  // The placeholder opens the broker, or else none of its answers would mean anything.
  expect(looked['answers of the broker']).toBeGreaterThan(0)
  expect(looked['commands']).toBeGreaterThan(10)
}

/** Who may open the server's memory finds the key in it. Not every machine lets a user read his own processes. */
function expectMemory({ findings }: Report): void {
  const isOpen = findings.includes('opens the memory of the server')
  expect(findings.includes(`${KEY} in the memory of the server`)).toBe(isOpen)
}

const noDocker = await findReason()

describe('from a container of the image', { timeout: LONG }, () => {
  skipFor(noDocker)

  test('the agent finds no key and no token, and becomes nobody else', async ({ world }) => {
    const { key, sinceMs } = drawSecret()
    const provider = docker()
    const envs = { ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: await modelForContainers(world) }
    const [sandbox, other] = await Promise.all(
      [envs, {}].map(async (envs) => {
        const made = await provider.create({ envs, resources: RESOURCES })
        world.defer(() => made.kill())
        return made
      }),
    )
    const ports = [sandbox!, other!].map(async (one) => Number(new URL((await one.endpoint()).url).port))
    const [mine, others] = await Promise.all(ports)
    const address = await addressOf(nameOf(other!.id))
    const { url, headers } = await sandbox!.endpoint()
    const report = await attack(world, {
      url,
      headers: { ...headers, authorization: `Bearer ${sandbox!.token}` },
      secrets: { [KEY]: key, [TOKEN]: sandbox!.token, 'the token of another sandbox': other!.token },
      sinceMs,
      closed: [
        { host: address, port: 3000, what: 'another sandbox' },
        { host: 'gateway', port: mine!, what: 'the published port by the gateway' },
        { host: 'gateway', port: others!, what: 'the published port of another sandbox' },
        { host: 'gateway', port: 2375, what: 'the engine' },
        { host: 'gateway', port: 2376, what: 'the engine' },
      ],
    })
    expect(report.findings).toEqual([])
    expectThorough(report)
    expect(report.looked['addresses']).toBe(5)
  })

  test('it finds them where the image is started without its walls: the same attack', async ({ world }) => {
    const { key, sinceMs } = drawSecret()
    const token = randomBytes(32).toString('base64url')
    const env = {
      ANTHROPIC_API_KEY: key,
      CLAUDE_AGENT_TOKEN: token,
      ANTHROPIC_BASE_URL: await modelForContainers(world),
      HOST: '0.0.0.0',
      CLAUDE_AGENT_WORKSPACE: '/home/agent/workspace',
      CLAUDE_AGENT_DATA_DIR: '/home/agent/data',
    }
    const [name, other] = await Promise.all([runNaively(world, env), runNaively(world, env)])
    const port = (await call(['port', name, '3000/tcp'])).trim().split('\n')[0]!.split(':').at(-1)!
    const url = `http://127.0.0.1:${port}`
    await untilServes(url)
    const report = await attack(world, {
      url,
      headers: { authorization: `Bearer ${token}` },
      secrets: { [KEY]: key, [TOKEN]: token },
      sinceMs,
      closed: [{ host: await addressOf(other), port: 3000, what: 'another sandbox' }],
    })
    expect(report.findings).toEqual(
      expect.arrayContaining([
        `${KEY} in the file /home/agent/.env`,
        `${TOKEN} in the file /home/agent/.env`,
        'reads environ of the server',
        'may signal the server',
        'lists the open files of the server',
        'this process may gain rights from programs',
        expect.stringMatching(/^\/\S+ runs as user 0, group \d+$/),
        'reaches another sandbox',
      ]),
    )
    expectMemory(report)
    expectThorough(report)
  })
})

const noRoots = whyNoRoots()

describe('from a sandbox of the template', { timeout: LONG }, () => {
  let double: E2bDouble
  let tree: string | undefined
  const reason = noRoots ?? noTime
  skipFor(reason === undefined ? undefined : `No template: ${reason}.`)

  beforeAll(async () => {
    double = await E2bDouble.start({ routes: [templateRoutes] })
    if (reason !== undefined) return
    tree = await copyWorkingTree(await mkdtemp(join(tmpdir(), 'working-tree-')))
    const lines: string[] = []
    const env = { E2B_API_KEY: double.apiKey, E2B_API_URL: double.url }
    const code = await run({ root: tree, args: [], env, print: (line: string) => lines.push(line) })
    expect(code, lines.join('\n')).toBe(0)
  }, LONG)

  afterAll(async () => {
    await double.close()
    if (tree !== undefined) await rm(tree, { recursive: true, force: true })
  })

  test('the agent finds no key and no token, and becomes nobody else', async ({ world }) => {
    const { key, sinceMs } = drawSecret()
    const claude = await world.claude({ script: script(ATTACK) })
    const envs = { ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: claude.url }
    const sandbox = await e2b(double.connection).create({ envs })
    world.defer(() => sandbox.kill())
    const { url, headers } = await sandbox.endpoint()
    const report = await attack(world, {
      url,
      headers: { ...headers, authorization: `Bearer ${sandbox.token}` },
      secrets: { [KEY]: key, [TOKEN]: sandbox.token, 'the key of E2B': double.apiKey },
      sinceMs,
      isShared: true,
      // E2B makes this folder for everybody; nothing is in it.
      open: ['/code'],
    })
    expect(report.findings).toEqual([])
    expectThorough(report)
  })

  test('it finds the key where the server is the agent’s own user: the same attack', async ({ world }) => {
    const { key, sinceMs } = drawSecret()
    const claude = await world.claude({ script: script(ATTACK) })
    const sandbox = await E2bSandbox.create('claude-agent-server', double.connection)
    world.defer(() => sandbox.kill())
    await sandbox.files.write('/home/agent/.env', `ANTHROPIC_API_KEY=${key}\n`, { user: 'agent' })
    let printed = ''
    await sandbox.commands.run(`exec node ${SERVER} --port 0 --data-dir data --workspace workspace`, {
      user: 'agent',
      cwd: '/home/agent',
      // As somebody would start it who knows nothing of all this: no token, on loopback.
      envs: { ANTHROPIC_BASE_URL: claude.url, HOST: '127.0.0.1' },
      background: true,
      timeoutMs: 0,
      onStdout: (text) => void (printed += text),
      onStderr: (text) => void (printed += text),
    })
    const url = await until('it listens', async () => /^ +page +(http:\S+:\d+)\/$/m.exec(printed)?.[1])
    const report = await attack(world, { url, headers: {}, secrets: { [KEY]: key }, sinceMs, isShared: true })
    expect(report.findings).toEqual(
      expect.arrayContaining([
        `${KEY} in the file /home/agent/.env`,
        'reads environ of the server',
        'lists the open files of the server',
        'may signal the server',
        'GET /sessions is answered, with no header',
        '/files/watch lets a stranger in',
        'this process may gain rights from programs',
      ]),
    )
    expectMemory(report)
    expectThorough(report)
  })
})

/** Leaves out the tests of a block, and says why. */
function skipFor(reason: string | undefined): void {
  if (reason !== undefined) console.log(reason)
  beforeEach(({ skip }: TestContext) => {
    if (reason !== undefined) skip(reason)
  })
}

/** A scripted model that containers reach. */
async function modelForContainers(world: World): Promise<string> {
  const { host, address } = await findModelHost()
  const claude = await world.claude({ script: script(ATTACK), host })
  return `http://${address}:${new URL(claude.url).port}`
}

/** Starts the image as somebody would who knows nothing of all this: one user for everything, and no limits. */
async function runNaively(world: World, env: Record<string, string>): Promise<string> {
  const name = `naive-${randomBytes(6).toString('hex')}`
  world.defer(() => call(['rm', '--force', '--volumes', name]))
  const variables = Object.keys(env).map((variable) => `--env=${variable}`)
  const how = ['--detach', `--name=${name}`, '--user=agent', '--workdir=/home/agent', '--entrypoint=sh']
  const start = `env | grep -E 'KEY|TOKEN' > .env; exec node ${SERVER}`
  const all = [...how, '--publish=127.0.0.1:0:3000', ...variables, 'claude-agent-server', '-c', start]
  await call(['run', ...all], { env })
  return name
}

async function untilServes(url: string): Promise<void> {
  await until('it serves', async () => {
    const health = await ask(`${url}/health`).catch(() => undefined)
    return health?.status === 200
  })
}

async function addressOf(name: string): Promise<string> {
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'
  return (await call(['inspect', '--format', format, name])).trim()
}
