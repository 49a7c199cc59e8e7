import { expect, test } from 'vitest'
import * as api from '../src/index.ts'
import { start } from './support/scripted.ts'
import { askText } from './support/wire.ts'

test('the public names are these', () => {
  expect(Object.keys(api).toSorted()).toEqual([
    'ScriptedClaudeError',
    'contentOfRead',
    'demoScript',
    'loadScript',
    'parseScript',
    'startRecorder',
    'startReplay',
    'startScriptedClaude',
  ])
})

test('without options it serves the demo on a free port of loopback', async () => {
  const claude = await start()
  expect(claude.url).toBe(`http://127.0.0.1:${claude.port}`)
  expect(claude.port).toBeGreaterThan(0)
  expect(await askText(claude, 'hi')).toContain('not Claude')
})

test('two servers know nothing of each other', async () => {
  const script = { rules: [{ times: 1, steps: [{ text: 'once' }] }], fallback: [{ text: 'else' }] }
  const [one, two] = [await start({ script }), await start({ script })]
  expect([await askText(one), await askText(two), await askText(one)]).toEqual(['once', 'once', 'else'])
  expect([one.requests.length, two.requests.length]).toEqual([2, 1])
})

test('a port that is in use is an error with a hint', async () => {
  const { port } = await start()
  await expect(api.startScriptedClaude({ port })).rejects.toMatchObject({
    name: 'ScriptedClaudeError',
    code: 'cannot_listen',
    message: `Cannot listen on 127.0.0.1:${port}: the port is in use.`,
    hint: expect.stringContaining('Choose another port'),
    cause: expect.objectContaining({ code: 'EADDRINUSE' }),
  })
})

test.each([
  ['0.0.0.0', /^http:\/\/127\.0\.0\.1:\d+$/],
  ['localhost', /^http:\/\/localhost:\d+$/],
])('a server on %s has a URL that a client can use', async (host, url) => {
  const claude = await start({ host })
  expect(claude.url).toMatch(url)
  expect((await fetch(claude.url)).status).toBe(200)
})

test('a port is free again after close', async () => {
  const first = await start()
  await fetch(first.url)
  await first.close()
  const second = await start({ port: first.port })
  expect(second.port).toBe(first.port)
})
