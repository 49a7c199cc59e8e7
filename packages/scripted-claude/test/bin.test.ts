import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { built, runServer, runToEnd } from './support/command.ts'
import { bodyOf } from './support/conversation.ts'
import { start } from './support/scripted.ts'

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
