import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { cassettePath, readCassette, startRecording } from './support/cassette.ts'
import { run, runServer, runToEnd } from './support/command.ts'
import { bodyOf } from './support/conversation.ts'
import { startRules, startSteps } from './support/scripted.ts'
import { askText, postStream } from './support/wire.ts'

/** A program that asks the model the words given, and prints the status and what it said. */
const asking = `
for (const words of process.argv.slice(2)) {
  const response = await fetch(process.env.ANTHROPIC_BASE_URL + '/v1/messages', {
    method: 'POST',
    headers: { 'x-api-key': process.env.ANTHROPIC_API_KEY },
    body: JSON.stringify({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content: words }] }),
  })
  const { content = [] } = await response.json()
  console.log(response.status, content[0]?.text)
}
if (process.argv.includes('fail')) process.exitCode = 7
`

/** A cassette in which a model was asked these words, and the program that asks. */
async function recorded(...words: string[]): Promise<{ cassette: string; api: string; program: string[] }> {
  const cassette = await cassettePath()
  const file = join(dirname(cassette), 'asking.mjs')
  await writeFile(file, asking)
  const api = await startRules([
    {
      respond: ({ lastUserText, headers }) => [
        { text: `${lastUserText} with ${String(headers['x-api-key'])}` },
      ],
    },
  ])
  const recorder = await startRecording(api, cassette)
  for (const content of words) await askText(recorder, bodyOf(content, { model: 'm' }))
  await recorder.close()
  return { cassette, api: api.url, program: ['--', process.execPath, file] }
}

test('a program is recorded with its key, and replayed without', { timeout: 90_000 }, async () => {
  const { cassette, api, program } = await recorded()
  const record = ['record', '--cassette', cassette, '--upstream', api]
  expect(await runToEnd(...record, ...program, 'hello', 'again')).toEqual({
    code: 0,
    out: '200 hello with a-planted-key-of-the-test\n200 again with a-planted-key-of-the-test\n',
    err: `scripted-claude: ${cassette} holds 2 exchanges. Look through it before you commit it.\n`,
  })
  expect(await readFile(cassette, 'utf8')).not.toContain('planted')
  const replayed = await runToEnd('assert', '--cassette', cassette, '--all', ...program, 'hello', 'again')
  expect(replayed).toEqual({
    code: 0,
    out: '200 hello with [removed]\n200 again with [removed]\n',
    err: 'scripted-claude: every request was recorded.\n',
  })
})

test('assert ends with 1 where something was not recorded, and says what', async () => {
  const { cassette, program } = await recorded('hello')
  const { code, out, err } = await runToEnd('assert', '--cassette', cassette, ...program, 'hallo')
  expect([code, out]).toEqual([1, '400 undefined\n'])
  expect(err).toBe(
    'scripted-claude: What was asked has no recording:\n' +
      '  - a message request with the text "hallo": nearest is exchange 1, which differs in the text of the user: ["hallo"], recorded is ["hello"]\n',
  )
})

test('assert --all ends with 1 where something recorded was not asked; replay asserts nothing', async () => {
  const { cassette, program } = await recorded('hello', 'again')
  expect(await runToEnd('assert', '--cassette', cassette, '--all', ...program, 'hello')).toMatchObject({
    code: 1,
    err: 'scripted-claude: What was recorded was not asked:\n  - exchange 2: a message request with the text "again"\n',
  })
  expect(await runToEnd('replay', '--cassette', cassette, ...program, 'what else?')).toMatchObject({
    code: 0,
    err: '',
  })
})

test('the exit code is that of the program where it fails', async () => {
  const { cassette, program } = await recorded('hello')
  expect(await runToEnd('assert', '--cassette', cassette, ...program, 'fail')).toMatchObject({ code: 7 })
})

test('assert without a program reports when it is ended', async () => {
  const { cassette } = await recorded('hello')
  const { child, url, output } = await runServer('assert', '--cassette', cassette)
  expect(output.out).toBe(
    `scripted-claude listens on ${url} (replaying ${cassette}). It is a recording, not Claude.\n`,
  )
  child.kill('SIGTERM')
  expect(await once(child, 'close')).toEqual([1, null])
  expect(output.err).toContain('Nothing was asked')
})

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends a recording, and what is whole is in the cassette',
  async (signal) => {
    const api = await startRules([
      { match: { lastUserText: 'hang' }, steps: [{ text: 'so far' }, { ping: true }, { hang: true }] },
      { steps: [{ text: 'whole' }] },
    ])
    const cassette = await cassettePath()
    const { child, url, output } = await runServer('record', '--cassette', cassette, '--upstream', api.url)
    expect(await askText({ url } as never, 'hello')).toBe('whole')
    const open = await postStream({ url } as never, { ...bodyOf('hang') })
    child.kill(signal)
    expect(await once(child, 'close')).toEqual([0, null])
    await expect(open.text()).rejects.toThrow()
    expect((await readCassette(cassette)).exchanges).toMatchObject([{ request: { says: ['hello'] } }])
    expect(output.err).toContain('not recorded: an answer was still open when the recording ended')
  },
)

test('a signal ends the program too, and its recording is kept', async () => {
  const api = await startSteps([{ text: 'yes' }])
  const cassette = await cassettePath()
  const file = join(dirname(cassette), 'waiting.mjs')
  await writeFile(file, `${asking}\nsetInterval(() => {}, 1000)`)
  const { child, output } = run(
    'record',
    '--cassette',
    cassette,
    '--upstream',
    api.url,
    '--',
    process.execPath,
    file,
    'hello',
  )
  await vi.waitFor(() => expect(output.out).toBe('200 yes\n'), 10_000)
  child.kill('SIGTERM')
  expect(await once(child, 'close')).toEqual([1, null])
  expect((await readCassette(cassette)).exchanges).toHaveLength(1)
})

test('a recording of nothing is an error, and no cassette', async () => {
  const cassette = await cassettePath()
  const { code, err } = await runToEnd('record', '--cassette', cassette, '--', process.execPath, '-e', '0')
  expect(code).toBe(1)
  expect(err).toBe('scripted-claude: nothing was recorded. Did the agent get ANTHROPIC_BASE_URL?\n')
  await expect(readFile(cassette)).rejects.toThrow('ENOENT')
})

test('a secret that would be left is an error without it', async () => {
  const api = await startSteps([{ text: `c-${Buffer.from('a-planted-key-of-the-test').toString('hex')}` }])
  const { cassette, program } = await recorded('hello')
  const before = await readFile(cassette, 'utf8')
  const { code, err } = await runToEnd(
    'record',
    '--cassette',
    cassette,
    '--upstream',
    api.url,
    ...program,
    'hi',
  )
  expect(code).toBe(2)
  expect(err).toMatch(/^scripted-claude: Exchange 1 still holds a credential[^\n]+\n$/)
  expect(await readFile(cassette, 'utf8')).toBe(before)
})

test('a broken cassette is refused in one line, before the program runs', async () => {
  const { cassette, program } = await recorded('hello')
  await writeFile(cassette, '{"scriptedClaudeCassette": 9}')
  const { code, out, err } = await runToEnd('assert', '--cassette', cassette, ...program, 'hello')
  expect([code, out]).toEqual([2, ''])
  expect(err).toMatch(
    /^scripted-claude: \S+ is not a cassette of this version: [^\n]+ expected 1, got 9\. [^\n]+\n$/,
  )
})

test('a program that is not there is said to be so', async () => {
  const { cassette } = await recorded('hello')
  const { code, err } = await runToEnd('replay', '--cassette', cassette, '--', 'no-such-program')
  expect(code).toBe(2)
  expect(err).toMatch(/^scripted-claude: Cannot run no-such-program: [^\n]*ENOENT\. [^\n]+\n$/)
})
