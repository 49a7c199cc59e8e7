import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import { expect, test } from 'vitest'
import { Conversation, collect, createAgent, resultOf, saidBlocks } from './support/agent.ts'
import { start } from './support/scripted.ts'

const example = 'Please read "input.txt", reverse its content, and save it to a new file named "output.txt"'

test('the example prompt leaves the reversed file in the workspace, by real tool calls of the real CLI', async () => {
  const claude = await start()
  const agent = await createAgent(claude)
  const content = 'Hello, wörld 👩‍👩‍👧!\n\n12\tline three\nend'
  await writeFile(join(agent.workspace, 'input.txt'), content)
  const messages = await collect(agent.query(example))

  const reversed = 'dne\neerht enil\t21\n\n!👩‍👩‍👧 dlröw ,olleH'
  expect(await readFile(join(agent.workspace, 'output.txt'), 'utf8')).toBe(reversed)
  const blocks = saidBlocks(messages)
  expect(blocks.map(({ type, name }) => name ?? type)).toEqual(['text', 'Read', 'text', 'Write', 'text'])
  expect(blocks[0]?.text).toContain('I am a scripted model, not Claude')
  expect(blocks[1]?.input).toEqual({ file_path: join(agent.workspace, 'input.txt') })
  expect(resultOf(messages)).toMatchObject({ subtype: 'success', is_error: false, num_turns: 3 })
  expect(claude.requests.every(({ failure }) => failure === undefined)).toBe(true)
})

test('one conversation with the demo: listing, writing, reading, commands, failures, thinking, help', async () => {
  const claude = await start()
  const agent = await createAgent(claude)
  await writeFile(join(agent.workspace, 'output.txt'), 'was here before')
  const prompts = [
    'List the files',
    'Write a file hello.txt with the text "Hello, world"',
    'Read hello.txt',
    'Run `echo $((6 * 7))`',
    'Show me a failing tool',
    'Please reverse missing.txt into other.txt',
    'Reverse hello.txt and save it as output.txt',
    'Think about something',
    'Who are you?',
  ]
  const conversation = new Conversation(prompts)
  const results: string[] = []
  const messages: SDKMessage[] = []
  for await (const message of agent.query(conversation)) {
    messages.push(message)
    if (message.type !== 'result') continue
    results.push(message.subtype === 'success' ? message.result : message.subtype)
    conversation.next()
  }
  const [list, written, read, ran, failed, missing, reversed, thought, help] = results
  expect(list).toContain('output.txt')
  expect(written).toContain('I wrote 12 characters to hello.txt')
  expect(read).toContain('Hello, world')
  expect(ran).toContain('42')
  expect(failed).toMatch(/As promised, the tool failed[\s\S]*this command fails on purpose/)
  expect(missing).toMatch(/could not read missing\.txt, so I wrote nothing[\s\S]*does not exist/)
  expect(reversed).toContain('I wrote 12 characters to output.txt')
  expect(thought).toContain('not Claude')
  expect(help).toMatch(/I am a scripted model, not Claude[\s\S]*List the files/)
  expect(await readFile(join(agent.workspace, 'hello.txt'), 'utf8')).toBe('Hello, world')
  expect(await readFile(join(agent.workspace, 'output.txt'), 'utf8')).toBe('dlrow ,olleH')
  expect(saidBlocks(messages).some(({ type }) => type === 'thinking')).toBe(true)
})
