import { readFile, writeFile } from 'node:fs/promises'
import { expect } from 'vitest'
import type { Case } from '../case.ts'
import { answerOf, collect, isResult, Prompts, resultOf, shapeOf, textsOf, upTo } from '../conversation.ts'

/** What goes in, and what comes back for it. */
export const prompts: Case[] = [
  {
    name: 'a string is a prompt: one turn, and the messages end',
    isCore: true,
    async run({ query, model }) {
      const prompt = model.answer('greet', [{ text: 'Hello there.' }])

      const messages = await collect(query({ prompt }))

      const [first] = messages
      expect(shapeOf(first!)).toBe('system/init')
      expect(textsOf(messages)).toEqual(['Hello there.'])
      expect(shapeOf(messages.at(-1)!)).toBe('result/success')
      const result = resultOf(messages)
      expect(result).toMatchObject({
        result: 'Hello there.',
        num_turns: 1,
        is_error: false,
        permission_denials: [],
      })
      expect(new Set(messages.map(({ session_id }) => session_id))).toEqual(new Set([result.session_id]))
      const ids = messages.flatMap((message) => (message.uuid === undefined ? [] : [message.uuid]))
      expect(new Set(ids).size).toBe(ids.length)
    },
  },
  {
    name: 'prompts of an async iterable have their turns in one conversation',
    isCore: true,
    async run({ query, model }) {
      const input = new Prompts(model.say('one'))
      const conversation = query({ prompt: input })

      const first = await upTo(conversation)
      input.say(model.say('two'))
      const second = await upTo(conversation)
      input.end()
      const rest = await collect(conversation)

      expect(textsOf(first)).toEqual(['echo: one'])
      expect(textsOf(second)).toEqual(['echo: two'])
      expect(rest.filter(isResult)).toEqual([])
      expect(second.map(shapeOf)).toContain('system/init')
      expect(JSON.stringify(model.bodiesOf('two')[0]?.messages)).toContain('echo: one')
      expect(resultOf(first).session_id).toBe(resultOf(second).session_id)
    },
  },
  {
    name: 'streamInput() hands further prompts in',
    async run({ query, model }) {
      const input = new Prompts(model.say('one'))
      const conversation = query({ prompt: input })
      await upTo(conversation)
      const more = new Prompts(model.say('two'))
      more.end()

      await conversation.streamInput(more)
      const second = await upTo(conversation)

      expect(textsOf(second)).toEqual(['echo: two'])
      conversation.close()
    },
  },
  {
    name: 'a prompt may hold pictures',
    async run({ query, model }) {
      const data =
        'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
      const input = new Prompts()
      input.say([
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data } },
        { type: 'text', text: model.say('look') },
      ])
      const conversation = query({ prompt: input })

      const messages = await upTo(conversation)
      conversation.close()

      expect(answerOf(messages)).toMatch(/^echo: /)
      const [request] = model.requests
      expect(JSON.stringify(request?.body.messages)).toContain('"media_type":"image/png"')
    },
  },
  {
    name: 'prompts that come during a turn are heard in the next, together',
    differs: {
      query: {
        why: 'Each prompt has a turn and a result of its own.',
        shows: /'echo: two' to be 'echo: three'/,
      },
    },
    async run({ query, model }) {
      const input = new Prompts(model.answer('slow', [{ delayMs: 600 }, { text: 'done' }]))
      const conversation = query({ prompt: input })
      await upTo(conversation, ({ type }) => type === 'system')
      input.say(model.say('two'))
      input.say(model.say('three'))

      const first = await upTo(conversation)
      const second = await upTo(conversation)
      input.say(model.say('four'))
      const third = await upTo(conversation)
      conversation.close()

      expect(answerOf(first)).toBe('done')
      expect(answerOf(second)).toBe('echo: three')
      expect(answerOf(third), 'one result for both').toBe('echo: four')
    },
  },
  {
    name: 'includePartialMessages shows text and thoughts while they are written',
    isCore: true,
    async run({ query, model }) {
      const prompt = model.answer('think', [{ thinking: 'Let me see. ' }, { text: 'word ', repeat: 20 }])

      const messages = await collect(
        query({
          prompt,
          options: { includePartialMessages: true, thinking: { type: 'enabled', budgetTokens: 2000 } },
        }),
      )

      const parts = messages.flatMap((message) => (message.type === 'stream_event' ? [message.event] : []))
      const deltas = parts.flatMap((event) => (event.type === 'content_block_delta' ? [event.delta] : []))
      const text = deltas.map((delta) => (delta.type === 'text_delta' ? delta.text : '')).join('')
      const thought = deltas.map((delta) => (delta.type === 'thinking_delta' ? delta.thinking : '')).join('')
      expect(text).toBe('word '.repeat(20))
      expect(thought).toBe('Let me see. ')
      expect(parts[0]?.type).toBe('message_start')
      expect(parts.at(-1)?.type).toBe('message_stop')
      expect(textsOf(messages)).toEqual([text])
      const thoughts = messages.flatMap((message) =>
        message.type === 'assistant' ? message.message.content.filter(({ type }) => type === 'thinking') : [],
      )
      expect(thoughts).toMatchObject([{ thinking: thought }])
      expect(answerOf(messages)).toBe(text)
    },
  },
  {
    name: 'a prompt with a uuid of its own keeps it, and its files can be put back by it',
    async run({ query, model, file }) {
      const path = file('notes.txt')
      await writeFile(path, 'before')
      const uuid = crypto.randomUUID()
      const input = new Prompts()
      input.say(
        model.answer(
          'write',
          [{ toolUse: { name: 'Read', input: { file_path: path } } }],
          [{ toolUse: { name: 'Write', input: { file_path: path, content: 'after' } } }],
          [{ text: 'written' }],
        ),
        { uuid },
      )
      const conversation = query({
        prompt: input,
        options: {
          enableFileCheckpointing: true,
          permissionMode: 'bypassPermissions',
          allowDangerouslySkipPermissions: true,
        },
      })
      await upTo(conversation)
      expect(await readFile(path, 'utf8')).toBe('after')

      const dry = await conversation.rewindFiles(uuid, { dryRun: true })
      const rewound = await conversation.rewindFiles(uuid)
      conversation.close()

      expect(dry).toMatchObject({ canRewind: true, filesChanged: [path] })
      expect(rewound.canRewind).toBe(true)
      expect(await readFile(path, 'utf8')).toBe('before')
    },
  },
]
