import type { ChildProcess } from 'node:child_process'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { bodyOf } from './support/conversation.ts'
import { start } from './support/scripted.ts'

const source = fileURLToPath(new URL('..', import.meta.url))
const compiler = fileURLToPath(new URL('../../../node_modules/typescript/bin/tsc', import.meta.url))
let built = ''

// The command is built to a folder of the test's own, so that what runs is what is written now.
beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), 'scripted-claude-bin-'))
  const target = ['--outDir', join(built, 'dist'), '--tsBuildInfoFile', join(built, 'info')]
  await promisify(execFile)(process.execPath, [compiler, '-p', source, ...target])
  await copyFile(join(source, 'package.json'), join(built, 'package.json'))
})

afterAll(() => rm(built, { recursive: true, force: true }))

/** A started command, and what it has printed so far. */
interface Command {
  child: ChildProcess
  output: { out: string; err: string }
}

function run(...args: string[]): Command {
  const env = { PATH: process.env['PATH'] }
  const child = spawn(process.execPath, [join(built, 'dist/bin.js'), ...args], { env })
  onTestFinished(() => void child.kill('SIGKILL'))
  const output = { out: '', err: '' }
  child.stdout.on('data', (data: Buffer) => (output.out += data.toString()))
  child.stderr.on('data', (data: Buffer) => (output.err += data.toString()))
  return { child, output }
}

/** Runs to the end. */
async function runToEnd(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const { child, output } = run(...args)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...output }
}

/** Runs until it listens; gives the URL. */
async function runServer(...args: string[]): Promise<Command & { url: string }> {
  const command = run('--port', '0', ...args)
  while (!command.output.out.includes('\n'))
    await once(command.child.stdout as NonNullable<ChildProcess['stdout']>, 'data')
  const url = /http:\/\/[\w.:[\]]+/.exec(command.output.out)?.[0]
  if (url === undefined) throw new Error(`No URL in: ${command.output.out}${command.output.err}`)
  return { ...command, url }
}

async function say(url: string, words: string, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers,
    body: JSON.stringify(bodyOf(words)),
  })
  return response.text()
}

test('without a script it serves the demo, and says that it is no Claude', async () => {
  const { url, output } = await runServer()
  expect(output.out).toBe(`scripted-claude listens on ${url} (demo script). It is a script, not Claude.\n`)
  expect(await say(url, 'hi')).toContain('I am a scripted model, not Claude')
})

test('it serves a JSON script', async () => {
  const script = join(built, 'script.json')
  await writeFile(script, JSON.stringify({ rules: [{ steps: [{ text: 'scripted {{lastUserText}}' }] }] }))
  const { url } = await runServer('--script', script)
  expect(await say(url, 'words')).toContain('scripted words')
})

test('it serves a script in code', async () => {
  const script = join(built, 'script.mjs')
  await writeFile(script, 'export default { rules: [], fallback: (request) => [{ text: request.model }] }')
  const { url } = await runServer('--script', script)
  expect(await say(url, 'words')).toContain('"text":"claude-test-1"')
})

test('--on-unmatched text makes the model say that no rule fits', async () => {
  const script = join(built, 'empty.json')
  await writeFile(script, '{"rules": []}')
  const { url } = await runServer('--script', script, '--on-unmatched', 'text')
  expect(await say(url, 'words')).toMatch(/"type":"text","text":"scripted-claude: no rule/)
})

test('--verbose prints a line for each request, and never a key', async () => {
  const { url, output, child } = await runServer('--verbose')
  await say(url, 'hi', { 'x-api-key': 'sk-secret-1', authorization: 'Bearer sk-secret-2' })
  await fetch(`${url}/nowhere`)
  while (!output.out.includes('/nowhere'))
    await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data')
  expect(output.out).toContain('POST /v1/messages 200 answered rule fallback\n')
  expect(output.out).toContain('GET /nowhere 404 answered: Not found: GET /nowhere\n')
  expect(output.out + output.err).not.toContain('secret')
})

test.each(['SIGTERM', 'SIGINT'] as const)('%s ends it at once, open requests and all', async (signal) => {
  const script = join(built, 'hang.json')
  await writeFile(script, '{"rules": [{"steps": [{"text": "a"}, {"hang": true}]}]}')
  const { url, child } = await runServer('--script', script)
  const response = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    body: JSON.stringify({ ...bodyOf('go'), stream: true }),
  })
  const read = expect(response.text()).rejects.toThrow()
  child.kill(signal)
  const [code] = (await once(child, 'exit')) as [number | null]
  expect(code).toBe(0)
  await read
})

test('--help explains every flag', async () => {
  const { code, out } = await runToEnd('--help')
  expect(code).toBe(0)
  for (const flag of ['--script', '--port', '--host', '--on-unmatched', '--verbose', '--version', '--help']) {
    expect(out).toContain(flag)
  }
})

test('--version prints the version of the package', async () => {
  const { code, out } = await runToEnd('--version')
  expect([code, out]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)])
})

test.each([
  [['--prot', '1'], /Unknown option '--prot'/],
  [['--port'], /--port/],
  [['--port', 'many'], /--port is a number from 0 to 65535, not 'many'\./],
  [['--port', '65536'], /not '65536'/],
  [['--on-unmatched', 'shrug'], /--on-unmatched is error or text, not 'shrug'\./],
  [['extra'], /Unexpected argument 'extra'/],
  [['--script', '/no/such.json'], /Cannot read the script \/no\/such\.json: ENOENT/],
  [['--port', '0', '--host', 'no.such.host.invalid'], /Cannot listen on no\.such\.host\.invalid:0: /],
])('%j is refused in one line', async (args, message) => {
  const { code, out, err } = await runToEnd(...args)
  expect(code).toBe(2)
  expect(out).toBe('')
  expect(err).toMatch(message)
  expect(err).toMatch(/^scripted-claude: [^\n]+\n$/)
})

test('a port in use is refused in one line', async () => {
  const { port } = await start()
  const { code, err } = await runToEnd('--port', String(port))
  expect(code).toBe(2)
  expect(err).toMatch(/^scripted-claude: Cannot listen on 127\.0\.0\.1:\d+: the port is in use\. [^\n]+\n$/)
})
