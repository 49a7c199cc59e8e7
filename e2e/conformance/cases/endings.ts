import { expect } from 'vitest'
import type { Case } from '../case.ts'
import { answerOf, collect, FREE, isResult, Prompts, shapeOf, textsOf, upTo } from '../conversation.ts'

/** How a query ends before its time. */
export const endings: Case[] = [
  {
    name: 'interrupt() ends the turn, and the next prompt is heard',
    isCore: true,
    async run({ query, model }) {
      const input = new Prompts(model.answer('slow', [{ text: 'It begins.' }, { hang: true }]))
      const conversation = query({ prompt: input, options: { includePartialMessages: true } })
      await upTo(
        conversation,
        (message) => message.type === 'stream_event' && message.event.type === 'content_block_delta',
      )

      const interrupted = await conversation.interrupt()
      const first = await upTo(conversation)
      input.say(model.say('next'))
      const second = await upTo(conversation)
      conversation.close()

      expect(interrupted).toMatchObject({ still_queued: [] })
      expect(shapeOf(first.at(-1)!)).toBe('result/error_during_execution')
      expect(answerOf(second)).toBe('echo: next')
      expect(JSON.stringify(model.bodiesOf('next')[0]?.messages)).toContain('Request interrupted by user')
    },
  },
  {
    name: 'interrupt() ends a command that runs',
    async run({ query, model }) {
      const input = new Prompts(
        model.answer(
          'sleep',
          [{ toolUse: { name: 'Bash', input: { command: 'tail -f /dev/null' } } }],
          [{ text: 'never said' }],
        ),
      )
      const conversation = query({ prompt: input, options: FREE })
      await upTo(conversation, ({ type }) => type === 'assistant')

      await conversation.interrupt()
      const turn = await upTo(conversation)
      conversation.close()

      expect(shapeOf(turn.at(-1)!)).toBe('result/error_during_execution')
      expect(textsOf(turn)).not.toContain('never said')
    },
  },
  {
    name: 'an AbortController ends the query with an AbortError',
    differs: {
      browser: { why: 'The error is of no class of its own.', shows: /WebSocket connection aborted/ },
    },
    async run({ query, AbortError, model }) {
      const stop = new AbortController()
      const prompt = model.answer('slow', [{ text: 'It begins.' }, { hang: true }])
      const conversation = query({
        prompt,
        options: { abortController: stop, includePartialMessages: true },
      })
      await upTo(conversation, ({ type }) => type === 'stream_event')

      stop.abort()
      const failure = await collect(conversation).catch((error: unknown) => error)

      expect(failure).toBeInstanceOf(AbortError)
    },
  },
  {
    name: 'close() ends the messages at once',
    async run({ query, model }) {
      const conversation = query({
        prompt: model.answer('slow', [{ text: 'It begins.' }, { hang: true }]),
        options: { includePartialMessages: true },
      })
      await upTo(conversation, ({ type }) => type === 'stream_event')

      conversation.close()
      const rest = await collect(conversation)

      expect(rest.filter(isResult)).toEqual([])
    },
  },
  {
    name: 'a loop that is left ends the query',
    async run({ query, model }) {
      const seen: string[] = []
      const conversation = query({ prompt: model.answer('slow', [{ text: 'It begins.' }, { hang: true }]) })

      for await (const message of conversation) {
        seen.push(message.type)
        break
      }

      expect(seen).toHaveLength(1)
      expect(await conversation.next()).toEqual({ done: true, value: undefined })
    },
  },
  {
    name: 'return() ends the query',
    async run({ query, model }) {
      const conversation = query({ prompt: new Prompts(model.say('hello')) })
      await upTo(conversation)

      expect(await conversation.return()).toEqual({ done: true, value: undefined })
      expect(await conversation.next()).toEqual({ done: true, value: undefined })
    },
  },
  {
    name: 'throw() ends the query, and throws',
    async run({ query, model }) {
      const conversation = query({ prompt: new Prompts(model.say('hello')) })
      await upTo(conversation)

      await expect(conversation.throw(new Error('enough'))).rejects.toThrow('enough')
      expect(await conversation.next()).toEqual({ done: true, value: undefined })
    },
  },
  {
    name: 'permissions that wait are cancelled when the turn is interrupted',
    async run({ query, model, file }) {
      let aborted = false
      let asked: () => void = () => {}
      const waiting = new Promise<void>((go) => (asked = go))
      const input = new Prompts(
        model.answer(
          'run',
          [{ toolUse: { name: 'Bash', input: { command: `touch ${file('x')}` } } }],
          [{ text: 'never said' }],
        ),
      )
      const conversation = query({
        prompt: input,
        options: {
          canUseTool: async (_name, _input, { signal }) => {
            asked()
            return await new Promise((_answer, fail) =>
              signal.addEventListener('abort', () => {
                aborted = true
                fail(new Error('aborted'))
              }),
            )
          },
        },
      })
      const turn = upTo(conversation)
      await waiting

      await conversation.interrupt()
      const messages = await turn
      conversation.close()

      expect(aborted).toBe(true)
      expect(shapeOf(messages.at(-1)!)).toBe('result/error_during_execution')
    },
  },
]
