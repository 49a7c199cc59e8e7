import { expect, test } from 'vitest'
import { bodyOf, toolsNamed } from './support/conversation.ts'
import type { Round } from './support/demo.ts'
import { demo, reversal } from './support/demo.ts'
import { start } from './support/scripted.ts'
import { openStream } from './support/wire.ts'

test.each([
  [reversal, ['Read'], 'Write'],
  [reversal, [], 'Read and Write'],
  ['read a.txt', ['Bash'], 'Read'],
  ['write a file a.txt with b', ['Read'], 'Write'],
  ['run `ls`', ['Read'], 'Bash'],
  ['list the files', ['Read'], 'Bash'],
  ['show me a failing tool', [], 'Read'],
  ['ask me a question', ['Bash'], 'AskUserQuestion'],
])('%s, with the tools %j: says that it lacks %s', async (prompt, tools, lacking) => {
  const { text, calls } = await demo(prompt, [], { body: { tools: toolsNamed(...tools) } })
  expect(calls).toEqual([])
  expect(text).toContain(`For this I need ${lacking}, which this session does not offer me.`)
})

test('files are listed with the shell, and shown as it says', async () => {
  expect((await demo('list the files')).calls).toEqual([{ name: 'Bash', input: { command: 'ls -la' } }])
  expect((await demo('list the files in src/lib')).calls[0]?.input).toEqual({ command: 'ls -la -- src/lib' })
  const round: Round = { call: ['Bash', { command: 'ls -la' }], result: 'total 0\na.txt' }
  expect((await demo('list the files', [round])).text).toBe(
    'Here is what is there:\n\n```\ntotal 0\na.txt\n```',
  )
})

test('a folder with an odd name is quoted for the shell', async () => {
  const { calls } = await demo("list the files in `it's/$HOME`")
  expect(calls[0]?.input['command']).toBe("ls -la -- 'it'\\''s/$HOME'")
})

test('without a shell files are listed by their names', async () => {
  const body = { tools: toolsNamed('Glob') }
  expect((await demo('list the files', [], { body })).calls).toEqual([
    { name: 'Glob', input: { pattern: '*' } },
  ])
  const round: Round = { call: ['Glob', { pattern: '*' }], result: '/some/space/a.txt' }
  expect((await demo('list the files', [round], { body })).text).toContain('/some/space/a.txt')
})

test('a command is run, its output shown, its failure too', async () => {
  expect((await demo('run `echo hi`')).calls).toEqual([{ name: 'Bash', input: { command: 'echo hi' } }])
  const call: Round['call'] = ['Bash', { command: 'echo hi' }]
  expect((await demo('run `echo hi`', [{ call, result: 'hi' }])).text).toBe('It worked:\n\n```\nhi\n```')
  const failed = await demo('run `echo hi`', [{ call, result: 'Exit code 3', isError: true }])
  expect(failed.text).toBe('The command failed:\n\n```\nExit code 3\n```')
})

test('output with fences in it is fenced by a longer one', async () => {
  const round: Round = { call: ['Bash', { command: 'cat a.md' }], result: 'a\n````js\nb' }
  expect((await demo('run `cat a.md`', [round])).text).toContain('`````\na\n````js\nb\n`````')
})

test('a file is written with what the user says', async () => {
  const { calls } = await demo('Write a file hello.txt with the text "Hello"')
  expect(calls).toEqual([{ name: 'Write', input: { file_path: '/some/space/hello.txt', content: 'Hello' } }])
})

test('a file is read and shown without line numbers', async () => {
  const call: Round['call'] = ['Read', { file_path: '/some/space/a.txt' }]
  expect((await demo('read a.txt')).calls).toEqual([
    { name: 'Read', input: { file_path: '/some/space/a.txt' } },
  ])
  expect((await demo('read a.txt', [{ call, result: '1\tx\n2\ty' }])).text).toBe(
    'a.txt says:\n\n```\nx\ny\n```',
  )
  const empty = '<system-reminder>Warning: the file exists but the contents are empty.</system-reminder>'
  expect((await demo('read a.txt', [{ call, result: empty }])).text).toBe('a.txt is empty.')
  const gone = await demo('read a.txt', [{ call, result: 'File does not exist.', isError: true }])
  expect(gone.text).toContain('could not read a.txt')
})

test('a failing tool is called, and its failure told', async () => {
  const { calls } = await demo('Show me a failing tool')
  expect(calls).toMatchObject([{ name: 'Bash', input: { command: expect.stringContaining('exit 1') } }])
  const call: Round['call'] = ['Bash', calls[0]?.input ?? {}]
  const told = await demo('Show me a failing tool', [{ call, result: 'Exit code 1', isError: true }])
  expect(told.text).toMatch(/^As promised, the tool failed[\s\S]*Exit code 1/)
  const odd = await demo('Show me a failing tool', [{ call, result: 'fine' }])
  expect(odd.text).toContain('did not fail')
})

test('without a shell the failing tool is a read of no file', async () => {
  const { calls } = await demo('show me a failing tool', [], { body: { tools: toolsNamed('Read') } })
  expect(calls).toEqual([{ name: 'Read', input: { file_path: '/some/space/no-such-file.txt' } }])
})

test('a story is long, and streamed at its pace', async () => {
  const claude = await start()
  const { text } = await demo('Tell me a long story', [], { claude })
  expect(text.length).toBeGreaterThan(3000)
  expect(text).toContain('not Claude')
  const stream = await openStream(claude, bodyOf('Tell me a long story'))
  const beginning = await stream.until('text_delta')
  expect(beginning.length).toBeLessThan(3000)
  await stream.cancel()
})

test('it thinks aloud where the request allows it, and only there', async () => {
  const allowed = await demo('think about it', [], { body: { thinking: { type: 'adaptive' } } })
  expect(allowed.thinking).toHaveLength(1)
  expect(allowed.text).toContain('not Claude')
  expect((await demo('think about it')).thinking).toEqual([])
  expect((await demo('think about it', [], { body: { thinking: { type: 'disabled' } } })).thinking).toEqual(
    [],
  )
})

test.each(['hi', 'Who are you?', 'What is the capital of France?', 'run', 'reverse it', ''])(
  'to anything else (%j) it says that it is not Claude and what it can do',
  async (prompt) => {
    const { text, calls } = await demo(prompt || '\n')
    expect(calls).toEqual([])
    expect(text).toMatch(/^Hello! I am a scripted model, not Claude/)
    expect(text).toContain(reversal)
  },
)

test('each prompt that the guide names is one that it can do', async () => {
  const claude = await start()
  const { text } = await demo('help', [], { claude })
  const prompts = [...text.matchAll(/^- (.*)$/gm)].map(([, prompt]) => prompt ?? '')
  expect(prompts.length).toBeGreaterThanOrEqual(8)
  for (const prompt of prompts) await demo(prompt, [], { claude })
  const rules = claude.requests.slice(1).map(({ rule }) => rule)
  expect(rules).not.toContain('fallback')
  expect(new Set(rules).size).toBe(prompts.length)
})

test('a question with options is asked, and its answer told', async () => {
  const body = { tools: toolsNamed('AskUserQuestion') }
  const { calls } = await demo('Ask me a question', [], { body })
  expect(calls).toMatchObject([
    { name: 'AskUserQuestion', input: { questions: [{ options: [{ label: 'Blue' }, {}, {}] }] } },
  ])
  const call: Round['call'] = ['AskUserQuestion', calls[0]?.input ?? {}]
  const told = await demo('Ask me a question', [{ call, result: '"Which colour?"="Blue"' }], { body })
  expect(told.text).toMatch(/^Thank you\. I was told[\s\S]*"Blue"/)
})
