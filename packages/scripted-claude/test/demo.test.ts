import { expect, test } from 'vitest'
import type { InputBlock, InputMessage, MessagesBody, ScriptedClaude } from '../src/index.ts'
import { assistant, bodyOf, system, toolResult, toolsNamed, toolUse, user } from './support/conversation.ts'
import { start } from './support/scripted.ts'
import { ask, openStream } from './support/wire.ts'

const here = system('# Environment\n - Primary working directory: /work/space\n - Platform: linux')
const every = toolsNamed('Bash', 'Read', 'Write')

/** A tool round: the call, and what came of it. */
interface Round {
  call: [name: string, input: Record<string, unknown>]
  result: string | InputBlock[]
  isError?: boolean
}

/** What the demo says to a prompt after the given rounds. */
async function demo(
  prompt: string,
  rounds: readonly Round[] = [],
  more: {
    before?: InputMessage[]
    after?: InputMessage[]
    body?: Partial<MessagesBody>
    claude?: ScriptedClaude
  } = {},
): Promise<{ text: string; calls: { name: string; input: Record<string, unknown> }[]; thinking: string[] }> {
  const claude = more.claude ?? (await start())
  const messages = [
    ...(more.before ?? [here]),
    user(prompt),
    ...rounds.flatMap(({ call, result, isError }, index) => [
      assistant([toolUse(`toolu_${index}`, ...call)]),
      user([toolResult(`toolu_${index}`, result, isError)]),
    ]),
    ...(more.after ?? []),
  ]
  const answer = await ask(claude, bodyOf(messages, { tools: every, ...more.body }))
  const content = answer.content as {
    type: string
    text?: string
    thinking?: string
    name: string
    input: never
  }[]
  return {
    text: content.map((block) => block.text ?? '').join(''),
    calls: content.filter(({ type }) => type === 'tool_use').map(({ name, input }) => ({ name, input })),
    thinking: content.filter(({ type }) => type === 'thinking').map((block) => block.thinking ?? ''),
  }
}

const reversal = 'Please read "input.txt", reverse its content, and save it to a new file named "output.txt"'
const readInput: Round = { call: ['Read', { file_path: '/work/space/input.txt' }], result: '1\tHello\n2\t' }
const written: Round = {
  call: ['Write', { file_path: '/work/space/output.txt', content: '\nolleH' }],
  result: 'File created successfully',
}

test('reversing begins with a read of the absolute path', async () => {
  const { text, calls } = await demo(reversal)
  expect(text).toContain('not Claude')
  expect(calls).toEqual([{ name: 'Read', input: { file_path: '/work/space/input.txt' } }])
})

test('reversing goes on with a write of what the tool really read, backwards', async () => {
  const { calls } = await demo(reversal, [readInput])
  expect(calls).toEqual([
    { name: 'Write', input: { file_path: '/work/space/output.txt', content: '\nolleH' } },
  ])
})

test('reversing ends with words once the file is written', async () => {
  const { text, calls } = await demo(reversal, [readInput, written])
  expect(calls).toEqual([])
  expect(text).toBe('Done: I wrote 6 characters to output.txt. (/work/space/output.txt)')
})

test('a file that is not there is said to be so, and nothing is written', async () => {
  const missing: Round = { ...readInput, result: 'File does not exist.', isError: true }
  const { text, calls } = await demo(reversal, [missing])
  expect(calls).toEqual([])
  expect(text).toMatch(/could not read input\.txt, so I wrote nothing[\s\S]*File does not exist\./)
})

test('a file that was read in part only is not written backwards as if it were whole', async () => {
  const note = system(
    '[Truncated: PARTIAL view — /work/space/input.txt: showing the first 85000 of 205000 characters]',
  )
  const { text, calls } = await demo(reversal, [readInput], { after: [note] })
  expect(calls).toEqual([])
  expect(text).toContain('so large that the tool shows a part of it only')
})

test('a note about another file does not stop the reversal', async () => {
  const note = system('[Truncated: PARTIAL view — /work/space/other.txt: showing the first 85000 characters]')
  expect((await demo(reversal, [readInput], { after: [note] })).calls).toHaveLength(1)
})

test('an empty file gives an empty file', async () => {
  const empty = '<system-reminder>Warning: the file exists but the contents are empty.</system-reminder>'
  const { calls } = await demo(reversal, [{ ...readInput, result: empty }])
  expect(calls[0]?.input['content']).toBe('')
})

test('a picture is not text, and said to be so', async () => {
  const { text, calls } = await demo(reversal, [{ ...readInput, result: [{ type: 'image' }] }])
  expect(calls).toEqual([])
  expect(text).toContain('It holds no text.')
})

const unread: Round = {
  ...written,
  result: 'File has not been read yet. Read it first before writing to it.',
  isError: true,
}
const readOutput: Round = { call: ['Read', { file_path: '/work/space/output.txt' }], result: '1\told' }

test('a target that must be read before it is overwritten is read, then written', async () => {
  const second = await demo(reversal, [readInput, unread])
  expect(second.calls).toEqual([{ name: 'Read', input: { file_path: '/work/space/output.txt' } }])
  const third = await demo(reversal, [readInput, unread, readOutput])
  expect(third.calls).toEqual([
    { name: 'Write', input: { file_path: '/work/space/output.txt', content: '\nolleH' } },
  ])
  const last = await demo(reversal, [readInput, unread, readOutput, written])
  expect(last.text).toContain('Done')
})

test('a write that fails twice is given up, with what the tool said', async () => {
  const { text, calls } = await demo(reversal, [readInput, unread, readOutput, unread])
  expect(calls).toEqual([])
  expect(text).toMatch(/could not write output\.txt[\s\S]*has not been read yet/)
})

test('a write that is refused is given up at once, with what the tool said', async () => {
  const refused = {
    ...written,
    result: '<tool_use_error>EACCES: permission denied</tool_use_error>',
    isError: true,
  }
  const { text, calls } = await demo(reversal, [readInput, refused])
  expect(calls).toEqual([])
  expect(text).toContain('```\nEACCES: permission denied\n```')
})

test('absolute names stay as they are, and a dot before a name goes', async () => {
  expect((await demo('reverse /etc/motd.txt')).calls[0]?.input).toEqual({ file_path: '/etc/motd.txt' })
  expect((await demo('reverse ./a.txt')).calls[0]?.input).toEqual({ file_path: '/work/space/a.txt' })
})

test('where nothing says where we are, the shell is asked first, once', async () => {
  const first = await demo(reversal, [], { before: [] })
  expect(first.calls).toEqual([{ name: 'Bash', input: { command: 'pwd' } }])
  const pwd: Round = { call: ['Bash', { command: 'pwd' }], result: '/some/where\n' }
  const second = await demo(reversal, [pwd], { before: [] })
  expect(second.calls).toEqual([{ name: 'Read', input: { file_path: '/some/where/input.txt' } }])
  const read: Round = { call: ['Read', { file_path: '/some/where/input.txt' }], result: '1\tab' }
  const third = await demo(reversal, [pwd, read], { before: [] })
  expect(third.calls).toEqual([
    { name: 'Write', input: { file_path: '/some/where/output.txt', content: 'ba' } },
  ])
})

test('where nobody can be asked, names are used as they are', async () => {
  const body = { tools: toolsNamed('Read', 'Write') }
  expect((await demo(reversal, [], { before: [], body })).calls[0]?.input).toEqual({ file_path: 'input.txt' })
  const pwd: Round = { call: ['Bash', { command: 'pwd' }], result: 'denied', isError: true }
  expect((await demo(reversal, [pwd], { before: [] })).calls[0]?.input).toEqual({ file_path: 'input.txt' })
})

test.each([
  [reversal, ['Read'], 'Write'],
  [reversal, [], 'Read and Write'],
  ['read a.txt', ['Bash'], 'Read'],
  ['write a file a.txt with b', ['Read'], 'Write'],
  ['run `ls`', ['Read'], 'Bash'],
  ['list the files', ['Read'], 'Bash'],
  ['show me a failing tool', [], 'Read'],
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
  const round: Round = { call: ['Glob', { pattern: '*' }], result: '/work/space/a.txt' }
  expect((await demo('list the files', [round], { body })).text).toContain('/work/space/a.txt')
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
  expect(calls).toEqual([{ name: 'Write', input: { file_path: '/work/space/hello.txt', content: 'Hello' } }])
})

test('a file is read and shown without line numbers', async () => {
  const call: Round['call'] = ['Read', { file_path: '/work/space/a.txt' }]
  expect((await demo('read a.txt')).calls).toEqual([
    { name: 'Read', input: { file_path: '/work/space/a.txt' } },
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
  expect(calls).toEqual([{ name: 'Read', input: { file_path: '/work/space/no-such-file.txt' } }])
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

test('an earlier turn of the same conversation does not disturb a later one', async () => {
  const before = [
    here,
    user(reversal),
    assistant([toolUse('old_1', 'Read', { file_path: '/work/space/input.txt' })]),
    user([toolResult('old_1', '1\told')]),
    assistant([toolUse('old_2', 'Write', { file_path: '/work/space/output.txt' })]),
    user([toolResult('old_2', 'File created')]),
    assistant('Done.'),
  ]
  expect((await demo(reversal, [], { before })).calls).toMatchObject([{ name: 'Read' }])
  expect((await demo('list the files', [], { before })).calls).toMatchObject([{ name: 'Bash' }])
})

test('many conversations at once do not disturb each other', async () => {
  const claude = await start()
  const contents = Array.from({ length: 20 }, (_, index) => `content ${index}`)
  const answers = await Promise.all(
    contents.map((content) => demo(reversal, [{ ...readInput, result: `1\t${content}` }], { claude })),
  )
  expect(answers.map(({ calls }) => calls[0]?.input['content'])).toEqual(
    contents.map((content) => Array.from(content).toReversed().join('')),
  )
})
