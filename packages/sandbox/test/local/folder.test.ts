import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { exclusively } from '../../src/local/lock.ts'
import { parseState } from '../../src/local/parse-state.ts'
import { hasEnded, isAlive, signal } from '../../src/local/processes.ts'
import { http } from '../speak.ts'
import { failure } from '../failure.ts'
import { makePlace } from './place.ts'

const KEY = 'sk-ant-that-is-on-no-disk'

test('the folder of a sandbox is for its owner only, and so is the state with the token', async () => {
  const place = await makePlace()
  const { id } = await place.create()
  const mode = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8)
  expect(await mode(place.folder)).toBe('700')
  expect(await mode(place.pathOf(id))).toBe('700')
  for (const name of ['home', 'workspace', 'data']) expect(await mode(place.pathOf(id, name))).toBe('700')
  for (const name of ['state.json', 'server.log']) expect(await mode(place.pathOf(id, name))).toBe('600')
})

test('no value of a variable is on the disk: neither the state nor the log nor the data has the key', async () => {
  const place = await makePlace()
  const { id } = await place.create({ envs: { ANTHROPIC_API_KEY: KEY } })
  const entries = await readdir(place.folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
  expect(files).toContain(place.pathOf(id, 'state.json'))
  for (const file of files) expect(await readFile(file, 'latin1'), file).not.toContain(KEY)
})

test('is not extended while it is paused, and says so; connect() goes on with it', async () => {
  const place = await makePlace()
  const sandbox = await place.create()
  await sandbox.pause()
  const error = await failure(sandbox.extend(60_000))
  expect(error).toMatchObject({ code: 'not_supported', hint: expect.stringContaining('connect()') })
  expect((await http(await place.provider.connect(sandbox.id), '/sessions')).status).toBe(200)
})

test('a server that died is started again only with the variables that it was created with', async () => {
  const place = await makePlace()
  const envs = { ANTHROPIC_API_KEY: KEY }
  const { id } = await place.create({ envs })
  const { process: server } = await place.state(id)
  await signal(server!, 'SIGKILL')
  await hasEnded(server!, 10_000)
  const error = await failure(place.provider.connect(id))
  expect(error).toMatchObject({ code: 'start_failed' })
  expect(error.message).toContain('ANTHROPIC_API_KEY')
  expect((await http(await place.provider.connect(id, { envs }), '/sessions')).status).toBe(200)
})

test('a start that fails leaves a sandbox that was there as it was', async () => {
  const place = await makePlace()
  const sandbox = await place.create()
  await sandbox.pause()
  const before = await place.state(sandbox.id)
  const envs = { CLAUDE_AGENT_MAX_SESSIONS: 'plenty' }
  expect((await failure(place.provider.connect(sandbox.id, { envs }))).code).toBe('start_failed')
  expect(await place.state(sandbox.id)).toEqual(before)
  expect(await place.provider.list()).toMatchObject([{ id: sandbox.id, state: 'paused' }])
  expect((await http(await place.provider.connect(sandbox.id), '/sessions')).status).toBe(200)
})

test('many who come back to a dead server at once start one', async () => {
  const place = await makePlace()
  const sandbox = await place.create()
  await sandbox.pause()
  const back = await Promise.all(Array.from({ length: 4 }, () => place.provider.connect(sandbox.id)))
  const urls = await Promise.all(back.map(async (one) => (await one.endpoint()).url))
  expect(new Set(urls).size).toBe(1)
  for (const one of back) expect((await http(one, '/sessions')).status).toBe(200)
})

test('a process that got the id of a dead server is neither taken for it nor killed', async () => {
  const place = await makePlace()
  const { id } = await place.create()
  const state = await place.state(id)
  await signal(state.process!, 'SIGKILL')
  await hasEnded(state.process!, 10_000)
  // This very process, as one that has the number by now.
  const recycled = { id: process.pid, started: state.process!.started }
  await writeFile(place.pathOf(id, 'state.json'), JSON.stringify({ ...state, process: recycled }))
  expect(await place.provider.list()).toMatchObject([{ id, state: 'paused' }])
  expect(await isAlive(recycled)).toBe(false)
  // Killed in here it would take the test along.
  const again = await place.provider.connect(id)
  expect((await http(again, '/sessions')).status).toBe(200)
})

test('a lock whose holder died holds nobody up', async () => {
  const place = await makePlace()
  const sandbox = await place.create()
  const holder = { id: process.pid, started: 'before the last boot' }
  await writeFile(place.pathOf(sandbox.id, 'lock'), JSON.stringify(holder))
  await sandbox.extend(60_000)
  expect(await readdir(place.pathOf(sandbox.id))).not.toContain('lock')
})

test('a folder without a state is left alone while it is young, and removed when its maker must be dead', async () => {
  const place = await makePlace()
  const [young, old, foreign] = ['0123456789abcdef', 'fedcba9876543210', 'of the user'].map((name) =>
    join(place.folder, name),
  )
  for (const path of [young!, old!, foreign!]) await mkdir(path, { recursive: true })
  const twoHoursAgo = new Date(Date.now() - 2 * 60 * 60 * 1000)
  for (const path of [old!, foreign!]) await utimes(path, twoHoursAgo, twoHoursAgo)
  expect(await place.provider.list()).toEqual([])
  expect((await readdir(place.folder)).sort()).toEqual(['0123456789abcdef', 'of the user'])
})

test.each([
  ['null', 'null'],
  ['no JSON', '{"id":'],
  ['a list', '[]'],
  ['one without its fields', '{"metadata":null}'],
])('a state that is %s keeps nobody from the other sandboxes, and its folder stays', async (_, text) => {
  const place = await makePlace()
  const sandbox = await place.create()
  const broken = join(place.folder, '0123456789abcdef')
  await mkdir(broken)
  await writeFile(join(broken, 'state.json'), text)
  const twoHoursAgo = new Date(Date.now() - 2 * 60 * 60 * 1000)
  await utimes(broken, twoHoursAgo, twoHoursAgo)
  expect(await place.provider.list({ metadata: {} })).toMatchObject([{ id: sandbox.id }])
  expect((await failure(place.provider.connect('local:0123456789abcdef'))).code).toBe('sandbox_not_found')
  expect(await readdir(place.folder)).toContain('0123456789abcdef')
})

test('the id of a sandbox is the name of its folder, and its process one process, whatever its state says', () => {
  const state = {
    id: '../../elsewhere',
    token: 't',
    metadata: {},
    createdAt: 1,
    expiresAt: 1,
    onTimeout: 'kill',
    isPaused: false,
    isolation: 'none',
    variables: [],
  }
  const parse = (more: object): unknown =>
    parseState('0123456789abcdef', JSON.stringify({ ...state, ...more }))
  expect(parse({})).toEqual({ ...state, id: '0123456789abcdef' })
  for (const id of [-1, 0, 1, 1.5, '7'])
    expect(parse({ process: { id, started: 'x' } }), `${id}`).toBeUndefined()
})

test('a lock of a dead holder is taken by one of many who find it, not by two at once', async () => {
  const lock = join(await mkdtempHere(), 'lock')
  for (let round = 0; round < 20; round++) {
    await writeFile(lock, JSON.stringify({ id: process.pid, started: 'before the last boot' }))
    let inside = 0
    let most = 0
    const enter = async (): Promise<void> => {
      most = Math.max(most, ++inside)
      await new Promise((resolve) => setTimeout(resolve, 2))
      inside--
    }
    await Promise.all(Array.from({ length: 8 }, () => exclusively(lock, enter)))
    expect(most).toBe(1)
  }
}, 60_000)

test('a command that is no server is start_failed, with what it printed but without secrets', async () => {
  const program =
    "console.error('no server, but ' + process.env.ANTHROPIC_API_KEY + ' at ' + process.env.DATABASE_URL)"
  const place = await makePlace({ command: [process.execPath, '--eval', program] })
  const envs = { ANTHROPIC_API_KEY: KEY, DATABASE_URL: 'postgres://me:hunter2@host' }
  const error = await failure(place.create({ envs }))
  expect(error.code).toBe('start_failed')
  expect(error.message).toContain('no server, but … at …')
  expect(await readdir(place.folder)).toEqual([])
})

test('a server that never listens is start_timeout, and nothing is left', async () => {
  const command = [process.execPath, '--eval', 'setInterval(() => {}, 1000)']
  const place = await makePlace({ command, startTimeoutMs: 500 })
  expect((await failure(place.create())).code).toBe('start_timeout')
  expect(await readdir(place.folder)).toEqual([])
})

test('a timeout that no timer can hold is refused', async () => {
  const place = await makePlace()
  for (const timeoutMs of [0, -1, 1.5, 2 ** 31, Number.NaN])
    expect((await failure(place.create({ timeoutMs }))).code, `${timeoutMs}`).toBe('invalid_options')
})

async function mkdtempHere(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'claude-agent-lock-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}
