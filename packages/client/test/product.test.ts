import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { Rule, Script, Step } from 'scripted-claude'
import type { ClientOptions, FilesystemEvent, WSOutputMessage } from '../src/index.ts'
import { createClient, uuids } from './clients.ts'
import { rejection, until } from './peer.ts'
import { startProduct } from './product.ts'

/** A turn starts a process of the real CLI: on a busy machine that takes its time. */
const TURN_MS = 90_000

/** A prompt. */
function ask(content: string) {
  return { type: 'user_message', data: { type: 'user', message: { role: 'user', content } } } as const
}

/** The results of turns among the messages. */
function results(messages: WSOutputMessage[]): string[] {
  return messages.flatMap((message) =>
    message.type === 'sdk_message' && message.data.type === 'result' ? [message.data.subtype] : [],
  )
}

const chat: Script = { rules: [{ steps: [{ text: 'Good day.' }] }] }
const slow: Script = {
  rules: [{ steps: [{ text: 'Well, ' }, { delayMs: 60_000 }, { text: 'at last.' }] }],
}

test('two prompts get two results, and each whole message comes once', { timeout: 120_000 }, async () => {
  const product = await startProduct({ script: chat })
  const { client, messages } = createClient({ connectionUrl: product.url })
  await client.start()
  client.send(ask('Hello'))
  client.send(ask('And again'))
  await until(() => results(messages).length === 2, 'two results', TURN_MS)
  expect(results(messages)).toEqual(['success', 'success'])
  const ids = uuids(messages)
  expect(new Set(ids).size).toBe(ids.length)
  expect(JSON.stringify(messages)).toContain('Good day.')
})

test('a program that stops at its result leaves nothing to the next one', { timeout: 120_000 }, async () => {
  const product = await startProduct({
    script: { rules: [{ respond: (r) => [{ text: `to ${r.lastUserText}` }] }] },
  })
  for (const prompt of ['one', 'two', 'three']) {
    const { client } = createClient({ connectionUrl: product.url })
    await client.start()
    const seen: string[] = []
    const done = new Promise<void>((resolve) => {
      client.onMessage((message) => {
        if (message.type !== 'sdk_message' || message.data.type !== 'result') return
        seen.push(message.data.subtype === 'success' ? message.data.result : message.data.subtype)
        void client.stop().then(resolve)
      })
    })
    client.send(ask(prompt))
    await done
    expect(seen).toEqual([`to ${prompt}`])
  }
})

test('query options reach the model; the key does not come back', { timeout: 120_000 }, async () => {
  const product = await startProduct({ script: chat })
  const { client, messages } = createClient({
    connectionUrl: product.url,
    systemPrompt: 'You count sheep.',
    anthropicApiKey: 'sk-ant-of-this-client',
    agents: { shepherd: { description: 'Counts', prompt: 'Count.' } },
  })
  await client.start()
  client.send(ask('Hello'))
  await until(() => results(messages).length === 1, 'a result', TURN_MS)
  expect(JSON.stringify(product.model.requests)).toContain('You count sheep.')
  const config = await (await fetch(`${product.url}/config`)).text()
  expect(config).toContain('You count sheep.')
  expect(config).not.toContain('sk-ant-of-this-client')
})

test('an option that may not be set from outside fails start, by name', async () => {
  const product = await startProduct()
  const { client } = createClient({
    connectionUrl: product.url,
    pathToClaudeCodeExecutable: '/bin/true',
  } as ClientOptions)
  const error = await rejection(client.start())
  expect(error).toMatchObject({ code: 'option_refused' })
  expect((error as Error).message).toContain('pathToClaudeCodeExecutable')
  const other = createClient({ connectionUrl: product.url })
  await other.client.start()
})

test('interrupt ends the turn, and the next prompt is answered', { timeout: 120_000 }, async () => {
  const product = await startProduct({
    script: { rules: [{ ...slow.rules[0], times: 1 } as Rule, ...chat.rules] },
  })
  const { client, messages } = createClient({ connectionUrl: product.url, includePartialMessages: true })
  await client.start()
  client.send(ask('Tell me a story'))
  await until(() => JSON.stringify(messages).includes('Well, '), 'the first words', TURN_MS)
  client.interrupt()
  await until(() => results(messages).length === 1, 'the end of the turn', TURN_MS)
  client.send(ask('Hello'))
  await until(() => results(messages).length === 2, 'the next result', TURN_MS)
  expect(results(messages)).toEqual(['error_during_execution', 'success'])
})

test(
  'what the agent says while the client is away comes at the next start, once',
  { timeout: 120_000 },
  async () => {
    let goOn = (): void => {}
    const away = new Promise<void>((resolve) => {
      goOn = resolve
    })
    async function* story(): AsyncGenerator<Step> {
      await away
      yield { text: 'Said while you were away.' }
    }
    const product = await startProduct({ script: { rules: [{ respond: () => story() }] } })
    const { client, messages } = createClient({
      connectionUrl: product.url,
      systemPrompt: 'Stored again at each start, without harm to the turn.',
    })
    await client.start()
    client.send(ask('Tell me a story'))
    await until(() => uuids(messages).length > 0, 'the turn begins', TURN_MS)
    await client.stop()
    goOn()
    await client.start()
    await until(() => results(messages).length === 1, 'the result', TURN_MS)
    const text = JSON.stringify(messages.filter(({ type }) => type === 'sdk_message'))
    expect(text).toContain('Said while you were away.')
    const ids = uuids(messages)
    expect(new Set(ids).size).toBe(ids.length)
  },
)

test('a server that restarts is found again and answers', { timeout: 120_000 }, async () => {
  const product = await startProduct({ script: chat })
  const { client, messages, states } = createClient({ connectionUrl: product.url, model: 'sonnet' })
  await client.start()
  await product.close()
  await until(() => client.state.status === 'reconnecting')
  await product.restart()
  await until(() => client.state.status === 'connected', 'connected again', 60_000)
  expect(states.map(({ status }) => status).slice(0, 3)).toEqual(['connecting', 'connected', 'reconnecting'])
  client.send(ask('Hello'))
  await until(() => results(messages).length === 1, 'a result', TURN_MS)
  expect(await (await fetch(`${product.url}/config`)).json()).toMatchObject({ config: { model: 'sonnet' } })
})

test('a second client is told that the server is busy; when the first is gone it gets in', async () => {
  const product = await startProduct()
  const first = createClient({ connectionUrl: product.url, model: 'opus' })
  const second = createClient({ connectionUrl: product.url, model: 'haiku' })
  await first.client.start()
  expect(await rejection(second.client.start())).toMatchObject({ code: 'already_connected' })
  expect(await (await fetch(`${product.url}/config`)).json()).toMatchObject({ config: { model: 'opus' } })
  await first.client.stop()
  await second.client.start()
  expect(second.client.state.status).toBe('connected')
})

test('a token opens everything; a wrong one and none open nothing', { timeout: 60_000 }, async () => {
  const product = await startProduct({ token: 'open-sesame' })
  const right = createClient({ connectionUrl: product.url, token: 'open-sesame' })
  await right.client.start()
  await right.client.writeFile('a.txt', '1')
  expect(await right.client.readFile('a.txt')).toBe('1')
  await (await right.client.watchDir('.', () => {})).stop()
  for (const token of ['wrong', undefined]) {
    const { client } = createClient({ connectionUrl: product.url, token })
    const calls = [client.start(), client.readFile('a.txt'), client.watchDir('.', () => {})]
    for (const error of await Promise.all(calls.map((call) => rejection(call)))) {
      expect(error).toMatchObject({ code: 'unauthorized' })
    }
  }
})

test('files are written, listed, read and removed in the workspace', async () => {
  const product = await startProduct()
  const { client } = createClient({ connectionUrl: product.url })
  const name = 'a b&c=#?%20 é.txt'
  await client.writeFile(name, 'Grüße')
  await client.writeFile('deep/er/bytes.bin', new Uint8Array([0, 255, 10]))
  expect(await readFile(join(product.workspace, name), 'utf8')).toBe('Grüße')
  expect(await client.readFile(name)).toBe('Grüße')
  expect(await client.readFile(join(product.workspace, name))).toBe('Grüße')
  const blob = await client.readFile('deep/er/bytes.bin', 'blob')
  expect([...new Uint8Array(await blob.arrayBuffer())]).toEqual([0, 255, 10])
  const entries = await client.listFiles()
  expect(entries.map(({ name: entry, type, size }) => ({ name: entry, type, size }))).toContainEqual({
    name,
    type: 'file',
    size: 7,
  })
  expect(Math.abs(Date.now() - (entries[0]?.modifiedTime.getTime() ?? 0))).toBeLessThan(600_000)
  const deep = await client.listFiles('deep', { depth: 2 })
  expect(deep.map(({ path }) => path).toSorted()).toEqual(['deep/er', 'deep/er/bytes.bin'])
  expect(await rejection(client.removeFile('deep'))).toMatchObject({ code: 'directory_not_empty' })
  await client.removeFile('deep', { recursive: true })
  await client.removeFile(name)
  expect(await client.listFiles()).toEqual([])
})

test('a large stream goes up and comes down unchanged', { timeout: 60_000 }, async () => {
  const product = await startProduct()
  const { client } = createClient({ connectionUrl: product.url })
  const chunk = Uint8Array.from({ length: 65_536 }, (_, index) => index % 251)
  let left = 512
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      left -= 1
      controller.enqueue(chunk)
      if (left === 0) controller.close()
    },
  })
  await client.writeFile('large', stream)
  let size = 0
  let wrong = 0
  for await (const part of await client.readFile('large', 'stream')) {
    for (let index = 0; index < part.length; index += 4_099) {
      if (part[index] !== chunk[(size + index) % chunk.length]) wrong += 1
    }
    size += part.length
  }
  expect({ size, wrong }).toEqual({ size: 512 * 65_536, wrong: 0 })
})

test('the server’s errors about files keep their codes', async () => {
  const product = await startProduct()
  const { client } = createClient({ connectionUrl: product.url })
  expect(await rejection(client.readFile('gone'))).toMatchObject({ code: 'path_not_found' })
  expect(await rejection(client.readFile('.'))).toMatchObject({ code: 'not_a_file' })
  expect(await rejection(client.listFiles('../..'))).toMatchObject({ code: 'path_outside_workspace' })
  expect(await rejection(client.writeFile('/etc/x', ''))).toMatchObject({ code: 'path_outside_workspace' })
  expect(await rejection(client.watchDir('gone', () => {}))).toMatchObject({ code: 'path_not_found' })
})

test('a watch tells of files that are made, changed and removed', { timeout: 60_000 }, async () => {
  const product = await startProduct()
  const { client } = createClient({ connectionUrl: product.url })
  await client.writeFile('d/old.txt', '1')
  const events: FilesystemEvent[] = []
  const watch = await client.watchDir('.', (event) => events.push(event), { recursive: true })
  const heard = (type: string, path: string) => () =>
    events.some((event) => event.type === type && event.path === path)
  await client.writeFile('d/new.txt', '1')
  await until(heard('create', 'd/new.txt'), 'create')
  await client.removeFile('d/old.txt')
  await until(heard('remove', 'd/old.txt'), 'remove')
  await watch.stop()
})

test('the example walks to its end, and its exit code is 0', { timeout: 240_000 }, async () => {
  const product = await startProduct()
  const folder = resolve(import.meta.dirname, '..')
  const compiler = resolve(folder, '../../node_modules/typescript/bin/tsc')
  const run = promisify(execFile)
  await run(process.execPath, [compiler, '-b', join(folder, 'tsconfig.example.json')])
  const program = join(folder, 'dist/example/example-client.js')
  const { stdout } = await run(process.execPath, [program, '--url', product.url])
  expect(stdout).toContain('It is input.txt backwards.')
  const input = await readFile(join(product.workspace, 'input.txt'), 'utf8')
  const output = await readFile(join(product.workspace, 'output.txt'), 'utf8')
  expect(output.trim()).toBe(Array.from(input).reverse().join(''))
})

test(
  'the example exits with 1, the code and the hint when it cannot connect',
  { timeout: 120_000 },
  async () => {
    const folder = resolve(import.meta.dirname, '..')
    const compiler = resolve(folder, '../../node_modules/typescript/bin/tsc')
    const run = promisify(execFile)
    await run(process.execPath, [compiler, '-b', join(folder, 'tsconfig.example.json')])
    const program = join(folder, 'dist/example/example-client.js')
    const failure = await rejection(
      run(process.execPath, [program, '--sandbox', 'e2b'], { env: { PATH: process.env.PATH } }),
    )
    expect(failure).toMatchObject({ code: 1, stderr: expect.stringContaining('invalid_setting') })
    expect((failure as { stderr: string }).stderr).toContain('hint: e2bApiKey, or E2B_API_KEY')
  },
)
