import { expect, test } from 'vitest'
import { assistant, system, toolResult, toolsNamed, toolUse, user } from './support/conversation.ts'
import type { Round } from './support/demo.ts'
import { demo, here, reversal } from './support/demo.ts'
import { start } from './support/scripted.ts'

const readInput: Round = { call: ['Read', { file_path: '/some/space/input.txt' }], result: '1\tHello\n2\t' }
const written: Round = {
  call: ['Write', { file_path: '/some/space/output.txt', content: '\nolleH' }],
  result: 'File created successfully',
}

test('reversing begins with a read of the absolute path', async () => {
  const { text, calls } = await demo(reversal)
  expect(text).toContain('not Claude')
  expect(calls).toEqual([{ name: 'Read', input: { file_path: '/some/space/input.txt' } }])
})

test('reversing goes on with a write of what the tool really read, backwards', async () => {
  const { calls } = await demo(reversal, [readInput])
  expect(calls).toEqual([
    { name: 'Write', input: { file_path: '/some/space/output.txt', content: '\nolleH' } },
  ])
})

test('reversing ends with words once the file is written', async () => {
  const { text, calls } = await demo(reversal, [readInput, written])
  expect(calls).toEqual([])
  expect(text).toBe('Done: I wrote 6 characters to output.txt. (/some/space/output.txt)')
})

test('a file that is not there is said to be so, and nothing is written', async () => {
  const missing: Round = { ...readInput, result: 'File does not exist.', isError: true }
  const { text, calls } = await demo(reversal, [missing])
  expect(calls).toEqual([])
  expect(text).toMatch(/could not read input\.txt, so I wrote nothing[\s\S]*File does not exist\./)
})

test('a file that was read in part only is not written backwards as if it were whole', async () => {
  const note = system(
    '[Truncated: PARTIAL view — /some/space/input.txt: showing the first 85000 of 205000 characters]',
  )
  const { text, calls } = await demo(reversal, [readInput], { after: [note] })
  expect(calls).toEqual([])
  expect(text).toContain('so large that the tool shows a part of it only')
})

test('a note about another file does not stop the reversal', async () => {
  const note = system('[Truncated: PARTIAL view — /some/space/other.txt: showing the first 85000 characters]')
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
const readOutput: Round = { call: ['Read', { file_path: '/some/space/output.txt' }], result: '1\told' }

test('a target that must be read before it is overwritten is read, then written', async () => {
  const second = await demo(reversal, [readInput, unread])
  expect(second.calls).toEqual([{ name: 'Read', input: { file_path: '/some/space/output.txt' } }])
  const third = await demo(reversal, [readInput, unread, readOutput])
  expect(third.calls).toEqual([
    { name: 'Write', input: { file_path: '/some/space/output.txt', content: '\nolleH' } },
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
  expect((await demo('reverse ./a.txt')).calls[0]?.input).toEqual({ file_path: '/some/space/a.txt' })
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

test('an earlier turn of the same conversation does not disturb a later one', async () => {
  const before = [
    here,
    user(reversal),
    assistant([toolUse('old_1', 'Read', { file_path: '/some/space/input.txt' })]),
    user([toolResult('old_1', '1\told')]),
    assistant([toolUse('old_2', 'Write', { file_path: '/some/space/output.txt' })]),
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
