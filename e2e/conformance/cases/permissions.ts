import { access, readFile } from 'node:fs/promises'
import type { CanUseTool, PermissionMode } from '@anthropic-ai/claude-agent-sdk'
import type { Step } from 'scripted-claude'
import { expect } from 'vitest'
import type { Case } from '../case.ts'
import { answerOf, collect, FREE, isResult, Prompts, resultOf, toolResultsOf, upTo } from '../conversation.ts'

const bash = (command: string): Step => ({ toolUse: { name: 'Bash', input: { command } } })
const exists = async (path: string): Promise<boolean> =>
  await access(path).then(
    () => true,
    () => false,
  )

/** Who is asked before a tool runs, and what the answer does. */
export const permissions: Case[] = [
  {
    name: 'canUseTool is told of the call, and may change its input',
    isCore: true,
    async run({ query, model, file }) {
      const calls: Parameters<CanUseTool>[] = []
      const prompt = model.answer('run', [bash(`touch ${file('asked-for')}`)], [{ text: 'ok' }])

      const messages = await collect(
        query({
          prompt,
          options: {
            canUseTool: async (...call) => {
              calls.push(call)
              return { behavior: 'allow', updatedInput: { command: `touch ${file('allowed')}` } }
            },
          },
        }),
      )

      expect(await exists(file('allowed'))).toBe(true)
      expect(await exists(file('asked-for'))).toBe(false)
      expect(calls).toHaveLength(1)
      const [name, input, { toolUseID, suggestions, signal, requestId }] = calls[0]!
      expect([name, input]).toEqual(['Bash', { command: `touch ${file('asked-for')}` }])
      expect(toolUseID).toMatch(/^toolu_/)
      expect(suggestions?.[0]).toHaveProperty('type')
      expect(signal).toBeInstanceOf(AbortSignal)
      expect(requestId).toEqual(expect.any(String))
      expect(answerOf(messages)).toBe('ok')
      expect(messages.filter(isResult)).toHaveLength(1)
    },
  },
  {
    name: 'canUseTool denies with a reason that the model reads, and the result tells',
    async run({ query, model, file }) {
      const prompt = model.answer('run', [bash(`touch ${file('x')}`)], [{ text: 'Then not.' }])

      const messages = await collect(
        query({
          prompt,
          options: { canUseTool: async () => ({ behavior: 'deny', message: 'Not on a Sunday.' }) },
        }),
      )

      expect(await exists(file('x'))).toBe(false)
      expect(toolResultsOf(messages)).toMatchObject([{ text: 'Not on a Sunday.', isError: true }])
      expect(answerOf(messages)).toBe('Then not.')
      expect(resultOf(messages).permission_denials).toMatchObject([{ tool_name: 'Bash' }])
    },
  },
  {
    name: 'canUseTool denies with interrupt, and the turn ends there',
    differs: {
      browser: {
        why: 'After such a result the messages go on: there is no process that ends.',
        shows: /'undefined' to match/,
      },
    },
    async run({ query, model, file }) {
      const prompt = model.answer('run', [bash(`touch ${file('x')}`)], [{ text: 'never said' }])

      const messages: unknown[] = []
      const failure = await (async () => {
        for await (const message of query({
          prompt,
          options: { canUseTool: async () => ({ behavior: 'deny', message: 'Stop.', interrupt: true }) },
        }))
          messages.push(message)
      })().catch((error: unknown) => error)

      expect(JSON.stringify(messages)).not.toContain('never said')
      expect(messages.at(-1)).toMatchObject({ type: 'result', subtype: 'error_during_execution' })
      expect(String(failure)).toMatch(/error_during_execution|interrupt|exit|result/i)
      expect(model.bodiesOf('run')).toHaveLength(1)
    },
  },
  {
    name: 'updatedPermissions hold for the next call',
    async run({ query, model, file }) {
      let asked = 0
      const prompt = model.answer(
        'twice',
        [bash(`mkdir ${file('a')}`)],
        [bash(`mkdir ${file('b')}`)],
        [{ text: 'ok' }],
      )

      await collect(
        query({
          prompt,
          options: {
            canUseTool: async (_name, input) => {
              asked += 1
              return {
                behavior: 'allow',
                updatedInput: input,
                updatedPermissions: [
                  {
                    type: 'addRules',
                    rules: [{ toolName: 'Bash', ruleContent: 'mkdir:*' }],
                    behavior: 'allow',
                    destination: 'session',
                  },
                ],
              }
            },
          },
        }),
      )

      expect(asked).toBe(1)
      expect(await exists(file('b'))).toBe(true)
    },
  },
  {
    name: 'a question to the user comes to canUseTool, and its answer to the model',
    isCore: true,
    async run({ query, model }) {
      const question = {
        question: 'Which colour?',
        header: 'Colour',
        multiSelect: false,
        options: [
          { label: 'Red', description: 'like a rose' },
          { label: 'Blue', description: 'like the sea' },
        ],
      }
      const prompt = model.respond('ask', ({ toolResult }) =>
        toolResult === undefined
          ? [{ toolUse: { name: 'AskUserQuestion', input: { questions: [question] } } }]
          : [{ text: `You said: ${toolResult.text}` }],
      )
      const asked: string[] = []

      const messages = await collect(
        query({
          prompt,
          options: {
            ...FREE,
            canUseTool: async (name, input) => {
              asked.push(name)
              return { behavior: 'allow', updatedInput: { ...input, answers: { 'Which colour?': 'Blue' } } }
            },
          },
        }),
      )

      expect(asked).toEqual(['AskUserQuestion'])
      expect(answerOf(messages)).toMatch(/^You said: .*Which colour\?.*Blue/s)
      expect(messages.filter(({ type }) => type === 'system').length).toBeGreaterThan(0)
      expect(
        messages.filter((message) => message.type === 'system' && message.subtype === 'init'),
      ).toHaveLength(1)
    },
  },
  {
    name: 'a canUseTool that throws denies',
    async run({ query, model, file }) {
      const prompt = model.answer('run', [bash(`touch ${file('x')}`)], [{ text: 'ok' }])

      const messages = await collect(
        query({
          prompt,
          options: {
            canUseTool: async () => {
              throw new Error('My callback is broken.')
            },
          },
        }),
      )

      expect(await exists(file('x'))).toBe(false)
      expect(toolResultsOf(messages)).toMatchObject([{ isError: true }])
      expect(toolResultsOf(messages)[0]?.text).toContain('My callback is broken.')
    },
  },
  {
    name: 'without canUseTool nobody can be asked, and what needs permission is denied',
    differs: {
      browser: {
        why: 'Whether somebody can be asked is a matter of the session (`interactive`).',
        shows: /AskUserQuestion/,
      },
    },
    async run({ query, model, file }) {
      const prompt = model.answer('run', [bash(`touch ${file('x')}`)], [{ text: 'ok' }])

      const messages = await collect(query({ prompt }))

      expect(await exists(file('x'))).toBe(false)
      expect(toolResultsOf(messages)).toMatchObject([{ isError: true }])
      expect(resultOf(messages).permission_denials).toHaveLength(1)
      expect(model.bodiesOf('run')[0]?.tools?.map(({ name }) => name)).not.toContain('AskUserQuestion')
    },
  },
  {
    name: 'permission modes decide, and setPermissionMode() changes them on the way',
    async run({ query, model, file }) {
      const write = (name: string): Step => ({
        toolUse: { name: 'Write', input: { file_path: file(name), content: name } },
      })
      const input = new Prompts(model.answer('first', [write('one')], [{ text: 'ok' }]))
      const conversation = query({ prompt: input, options: { permissionMode: 'dontAsk' } })
      const modes: (PermissionMode | undefined)[] = []
      const note = (messages: Awaited<ReturnType<typeof upTo>>): void => {
        const init = messages.find((message) => message.type === 'system' && message.subtype === 'init')
        if (init?.type === 'system' && init.subtype === 'init') modes.push(init.permissionMode)
      }

      note(await upTo(conversation))
      expect(await exists(file('one'))).toBe(false)
      await conversation.setPermissionMode('acceptEdits')
      input.say(model.answer('second', [write('two')], [{ text: 'ok' }]))
      note(await upTo(conversation))
      conversation.close()

      expect(await readFile(file('two'), 'utf8')).toBe('two')
      expect(modes).toEqual(['dontAsk', 'acceptEdits'])
    },
  },
]
