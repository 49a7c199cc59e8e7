import { expect } from 'vitest'
import type { Case } from '../case.ts'
import {
  answerOf,
  collect,
  FREE,
  Prompts,
  resultOf,
  shapeOf,
  textsOf,
  toolResultsOf,
  upTo,
} from '../conversation.ts'

/** Subagents, and what is asked of the answer. */
export const agents: Case[] = [
  {
    name: 'a subagent works under its call, with hooks of its own',
    async run({ query, model }) {
      const heard: string[] = []
      model.answer('look closely', [{ text: 'I found it.' }])
      const prompt = model.answer(
        'delegate',
        [
          {
            toolUse: {
              name: 'Agent',
              input: {
                subagent_type: 'finder',
                description: 'finds',
                prompt: model.say('look closely'),
                run_in_background: false,
              },
            },
          },
        ],
        [{ text: 'It was found.' }],
      )
      const note = async (input: { hook_event_name: string }): Promise<object> => {
        heard.push(input.hook_event_name)
        return {}
      }

      const messages = await collect(
        query({
          prompt,
          options: {
            ...FREE,
            agents: { finder: { description: 'Finds things', prompt: 'You are a finder.', model: 'haiku' } },
            forwardSubagentText: true,
            agentProgressSummaries: true,
            hooks: { SubagentStart: [{ hooks: [note] }], SubagentStop: [{ hooks: [note] }] },
          },
        }),
      )

      expect(heard).toEqual(['SubagentStart', 'SubagentStop'])
      expect(JSON.stringify(model.bodiesOf('look closely')[0]?.system)).toContain('You are a finder.')
      const below = messages.filter(
        (message) => message.type === 'assistant' && message.parent_tool_use_id !== null,
      )
      expect(textsOf(below)).toContain('I found it.')
      expect(toolResultsOf(messages).at(-1)?.text).toContain('I found it.')
      expect(answerOf(messages)).toBe('It was found.')
    },
  },
  {
    name: 'outputFormat gives an object by a schema',
    async run({ query, model }) {
      const schema = {
        type: 'object',
        properties: { colour: { type: 'string' } },
        required: ['colour'],
        additionalProperties: false,
      }
      const prompt = model.respond('structured', ({ toolResult, tools }) =>
        toolResult === undefined && tools.includes('StructuredOutput')
          ? [{ toolUse: { name: 'StructuredOutput', input: { colour: 'blue' } } }]
          : [{ text: '{"colour":"blue"}' }],
      )

      const messages = await collect(
        query({ prompt, options: { outputFormat: { type: 'json_schema', schema } } }),
      )

      expect(resultOf(messages)).toMatchObject({ subtype: 'success', structured_output: { colour: 'blue' } })
    },
  },
  {
    name: 'maxTurns ends a query that goes on and on',
    differs: {
      browser: {
        why: 'After such a result the messages go on: there is no process that ends.',
        shows: /'undefined' to match/,
      },
    },
    async run({ query, model }) {
      const prompt = model.respond('again', () => [{ toolUse: { name: 'Bash', input: { command: 'true' } } }])

      const messages: Awaited<ReturnType<typeof collect>> = []
      const failure = await (async () => {
        for await (const message of query({ prompt, options: { ...FREE, maxTurns: 2 } }))
          messages.push(message)
      })().catch((error: unknown) => error)

      expect(shapeOf(messages.at(-1)!)).toBe('result/error_max_turns')
      expect(String(failure)).toMatch(/turns/)
    },
  },
  {
    name: 'maxBudgetUsd ends a query that costs too much',
    async run({ query, model }) {
      const prompt = model.respond('spend', () => [
        { usage: { input_tokens: 1_000_000, output_tokens: 1_000_000 } },
        { toolUse: { name: 'Bash', input: { command: 'true' } } },
      ])

      const messages: Awaited<ReturnType<typeof collect>> = []
      await (async () => {
        for await (const message of query({ prompt, options: { ...FREE, maxBudgetUsd: 0.01 } }))
          messages.push(message)
      })().catch(() => {})

      expect(shapeOf(messages.at(-1)!)).toBe('result/error_max_budget_usd')
    },
  },
  {
    name: 'compaction and a cleared conversation are told of',
    async run({ query, model }) {
      const starts: unknown[] = []
      const input = new Prompts(model.say('first'))
      const conversation = query({
        prompt: input,
        options: {
          hooks: {
            SessionStart: [
              {
                hooks: [
                  async (given) => {
                    starts.push(given.hook_event_name === 'SessionStart' ? given.source : '')
                    return {}
                  },
                ],
              },
            ],
          },
        },
      })
      const first = await upTo(conversation)
      input.say('/compact')
      const compacted = await upTo(conversation)
      input.say('/clear')
      const cleared = await upTo(conversation)
      input.say(model.say('second'))
      const second = await upTo(conversation)
      input.end()
      await collect(conversation)

      expect(compacted.map(shapeOf)).toEqual(
        expect.arrayContaining(['system/status', 'system/compact_boundary']),
      )
      expect([...cleared, ...second].map(shapeOf)).toContain('conversation_reset')
      expect(resultOf(second).session_id).not.toBe(resultOf(first).session_id)
      expect(JSON.stringify(model.bodiesOf('second')[0]?.messages)).not.toContain('echo: first')
      expect(starts).toEqual(expect.arrayContaining(['compact', 'clear']))
    },
  },
]
