import { readFile, writeFile } from 'node:fs/promises'
import { expect } from 'vitest'
import { until } from '../../support/until.ts'
import type { Case } from '../case.ts'
import { answerOf, collect, FREE, Prompts, resultOf, textsOf, toolResultsOf, upTo } from '../conversation.ts'

/** The agent's own tools, and which of them it has. */
export const tools: Case[] = [
  {
    name: 'Write, Read and Bash do their work in the workspace, and tell of it',
    isCore: true,
    async run({ query, model, file }) {
      const path = file('poem.txt')
      const prompt = model.answer(
        'work',
        [
          { text: 'First I write.' },
          { toolUse: { name: 'Write', input: { file_path: path, content: 'one\ntwo\n' } } },
        ],
        [{ toolUse: { name: 'Read', input: { file_path: path } } }],
        [{ toolUse: { name: 'Bash', input: { command: `wc -l < ${path}; pwd` } } }],
        [{ text: 'Done.' }],
      )

      const messages = await collect(query({ prompt, options: FREE }))

      expect(await readFile(path, 'utf8')).toBe('one\ntwo\n')
      expect(textsOf(messages)).toEqual(['First I write.', 'Done.'])
      const results = toolResultsOf(messages)
      expect(results.map(({ isError }) => isError)).toEqual([false, false, false])
      expect(results[1]?.text).toContain('two')
      expect(results[2]?.text.trim()).toMatch(/^2\n/)
      const details = messages.flatMap((message) =>
        message.type === 'user' ? [message.tool_use_result] : [],
      )
      expect(details).toMatchObject([{ type: 'create', filePath: path }, { type: 'text' }, { stderr: '' }])
      expect(resultOf(messages).num_turns).toBe(4)
    },
  },
  {
    name: 'a tool that fails is told to the model, and the turn goes on',
    async run({ query, model }) {
      const prompt = model.answer(
        'fail',
        [{ toolUse: { name: 'Bash', input: { command: 'echo so what; exit 3' } } }],
        [{ text: 'I see.' }],
      )

      const messages = await collect(query({ prompt, options: FREE }))

      expect(toolResultsOf(messages)).toMatchObject([{ isError: true }])
      expect(toolResultsOf(messages)[0]?.text).toContain('so what')
      expect(answerOf(messages)).toBe('I see.')
    },
  },
  {
    name: 'tools, disallowedTools and toolAliases say what the model is offered',
    async run({ query, model }) {
      const prompt = model.say('offer')

      await collect(
        query({ prompt, options: { tools: ['Bash', 'Read', 'Write'], disallowedTools: ['Write'] } }),
      )

      const offered = model.bodiesOf('offer')[0]?.tools?.map(({ name }) => name)
      expect(offered).toEqual(expect.arrayContaining(['Bash', 'Read']))
      expect(offered).not.toContain('Write')
      expect(offered).not.toContain('Edit')
    },
  },
  {
    name: 'allowedTools need no permission, others do',
    async run({ query, model, file }) {
      const asked: string[] = []
      const prompt = model.answer(
        'touch',
        [
          { toolUse: { name: 'Bash', input: { command: `touch ${file('allowed')}` } } },
          { toolUse: { name: 'Write', input: { file_path: file('asked'), content: '' } } },
        ],
        [{ text: 'ok' }],
      )

      const messages = await collect(
        query({
          prompt,
          options: {
            allowedTools: ['Bash(touch:*)'],
            canUseTool: async (name, input) => {
              asked.push(name)
              return { behavior: 'allow', updatedInput: input }
            },
          },
        }),
      )

      expect(asked).toEqual(['Write'])
      expect(toolResultsOf(messages).map(({ isError }) => isError)).toEqual([false, false])
    },
  },
  {
    name: 'a command in the background tells when it has ended, and the agent hears of it',
    async run({ query, model }) {
      const input = model.answer(
        'later',
        [
          {
            toolUse: { name: 'Bash', input: { command: 'sleep 0.3; echo at last', run_in_background: true } },
          },
        ],
        [{ text: 'It runs.' }],
      )

      const messages = await collect(query({ prompt: input, options: FREE }))

      const shapes = messages.map((message) => ('subtype' in message ? message.subtype : message.type))
      expect(shapes).toEqual(expect.arrayContaining(['task_started', 'task_notification']))
      const ended = messages.find(
        (message) => message.type === 'system' && message.subtype === 'task_notification',
      )
      expect(ended).toMatchObject({ status: 'completed' })
    },
  },
  {
    name: 'stopTask() and backgroundTasks() end a command and let it go on in the background',
    async run({ query, model }) {
      const input = new Prompts(
        model.answer(
          'wait',
          [{ toolUse: { name: 'Bash', input: { command: 'tail -f /dev/null' } } }],
          [{ text: 'It goes on.' }],
        ),
      )
      const conversation = query({ prompt: input, options: FREE })
      const called = await upTo(conversation, ({ type }) => type === 'assistant')
      const [call] = called.flatMap((message) =>
        message.type === 'assistant' ? message.message.content.filter(({ type }) => type === 'tool_use') : [],
      )
      if (call?.type !== 'tool_use') throw new Error('No tool was called.')
      await until('the command runs', async () => await conversation.backgroundTasks(call.id))
      const turn = await upTo(conversation)
      const task = turn.find((message) => message.type === 'system' && message.subtype === 'task_started')
      if (task?.type !== 'system' || task.subtype !== 'task_started') throw new Error('No task was started.')
      await conversation.stopTask(task.task_id)
      const stopped = await upTo(
        conversation,
        (message) => message.type === 'system' && message.subtype === 'task_notification',
      )
      conversation.close()

      expect(answerOf(turn)).toBe('It goes on.')
      expect(stopped.at(-1)).toMatchObject({ task_id: task.task_id, status: 'stopped' })
    },
  },
  {
    name: 'readFile() and seedReadState() know the files of the agent',
    async run({ query, model, file }) {
      const path = file('data.txt')
      await writeFile(path, 'some data')
      const input = new Prompts(model.say('hello'))
      const conversation = query({ prompt: input, options: FREE })
      await upTo(conversation)

      const read = await conversation.readFile(path)
      await conversation.seedReadState(path, Date.now() + 1000)
      input.say(
        model.answer(
          'overwrite',
          [{ toolUse: { name: 'Write', input: { file_path: path, content: 'other data' } } }],
          [{ text: 'ok' }],
        ),
      )
      const turn = await upTo(conversation)
      conversation.close()

      expect(read).toMatchObject({ contents: 'some data' })
      expect(toolResultsOf(turn)).toMatchObject([{ isError: false }])
    },
  },
]
