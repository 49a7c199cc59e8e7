import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Conversation, createAgent } from './support/agent.ts'
import { startRules } from './support/scripted.ts'

test('titles, compaction and background notes of the real CLI pass the script by', async () => {
  const claude = await startRules([
    {
      name: 'background',
      match: { lastUserText: 'in the background' },
      answers: [
        [
          {
            toolUse: {
              name: 'Bash',
              input: { command: 'until [ -e go ]; do sleep 0.05; done; echo done', run_in_background: true },
            },
          },
        ],
        [{ text: 'It runs.' }],
      ],
    },
    {
      name: 'after',
      match: { lastUserText: 'what did I ask?', history: 'in the background' },
      steps: [{ text: 'That.' }],
    },
  ])
  // An empty value switches the CLI's own requests on.
  const agent = await createAgent(claude, { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '' })
  const conversation = new Conversation(['run it in the background', '/compact', 'what did I ask?'])
  const results: string[] = []
  for await (const message of agent.query(conversation)) {
    if (message.type !== 'result') continue
    results.push(message.subtype === 'success' ? message.result : message.subtype)
    // The task ends after the first turn, and the note on it makes a turn of its own.
    if (results.length === 1) await writeFile(join(agent.workspace, 'go'), '')
    if (results.length >= 2) conversation.next()
  }
  expect(results).toEqual(['It runs.', 'Noted.', '', 'That.'])
  const kinds = claude.requests.map(({ kind }) => kind)
  expect(kinds.filter((kind) => kind === 'message')).toHaveLength(3)
  expect(kinds).toEqual(expect.arrayContaining(['title', 'notification', 'summary']))
  expect(claude.requests.filter(({ failure }) => failure !== undefined)).toEqual([])
})

test('two agents at once are told apart by what they say', async () => {
  const claude = await startRules([
    {
      match: { lastUserText: /say (\w+)/ },
      respond: ({ toolResult, captures }) =>
        toolResult === undefined
          ? [{ toolUse: { name: 'Bash', input: { command: `echo real ${captures[1]}` } } }]
          : [{ text: toolResult.text.trim() }],
    },
  ])
  const agent = await createAgent(claude)
  const run = async (word: string) => {
    for await (const message of agent.query(`say ${word}`)) {
      if (message.type === 'result') return message.subtype === 'success' ? message.result : message.subtype
    }
    return 'no result'
  }
  expect(await Promise.all([run('one'), run('two')])).toEqual(['real one', 'real two'])
})
