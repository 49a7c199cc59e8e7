import { expect } from 'vitest'
import type { Case } from '../case.ts'
import { answerOf, collect, Prompts, resultOf, upTo } from '../conversation.ts'

const STANDS = { why: 'Refused: a query goes on with a conversation as it stands.', shows: /'forkSession'/ }
const BOUND = {
  why: 'It goes on with the conversation of its session.',
  shows: /may not be set from outside/,
}
const forks = { remoteProcess: STANDS, browser: BOUND }

/** Conversations that go on in another query. */
export const sessions: Case[] = [
  {
    name: 'resume goes on with a conversation',
    isCore: true,
    differs: { browser: BOUND },
    async run({ query, model }) {
      const first = await collect(query({ prompt: model.say('remember seven') }))
      const { session_id: id } = resultOf(first)

      const second = await collect(query({ prompt: model.say('what'), options: { resume: id } }))

      expect(resultOf(second).session_id).toBe(id)
      expect(JSON.stringify(model.bodiesOf('what')[0]?.messages)).toContain('echo: remember seven')
    },
  },
  {
    name: 'forkSession goes on beside it',
    differs: forks,
    async run({ query, model }) {
      const first = await collect(query({ prompt: model.say('trunk') }))
      const { session_id: id } = resultOf(first)

      const fork = await collect(
        query({ prompt: model.say('branch'), options: { resume: id, forkSession: true } }),
      )
      const trunk = await collect(query({ prompt: model.say('on'), options: { resume: id } }))

      expect(resultOf(fork).session_id).not.toBe(id)
      expect(JSON.stringify(model.bodiesOf('branch')[0]?.messages)).toContain('echo: trunk')
      expect(JSON.stringify(model.bodiesOf('on')[0]?.messages)).not.toContain('echo: branch')
      expect(answerOf(trunk)).toBe('echo: on')
    },
  },
  {
    name: 'resumeSessionAt goes on from a message in the middle',
    differs: forks,
    async run({ query, model }) {
      const input = new Prompts(model.say('one'))
      const conversation = query({ prompt: input })
      const first = await upTo(conversation)
      input.say(model.say('two'))
      await upTo(conversation)
      input.end()
      await collect(conversation)
      const said = first.find((message) => message.type === 'assistant')
      if (said?.uuid === undefined) throw new Error('The agent said nothing.')

      await collect(
        query({
          prompt: model.say('three'),
          options: { resume: resultOf(first).session_id, resumeSessionAt: said.uuid, forkSession: true },
        }),
      )

      const told = JSON.stringify(model.bodiesOf('three')[0]?.messages)
      expect(told).toContain('echo: one')
      expect(told).not.toContain('echo: two')
    },
  },
  {
    name: 'sessionId names a new conversation',
    differs: {
      query: {
        why: 'It names the session of the server; the conversation in it has an id of its own.',
        shows: /to be '[0-9a-f-]{36}'/,
      },
      browser: BOUND,
    },
    async run({ query, model }) {
      const sessionId = crypto.randomUUID()

      const first = await collect(query({ prompt: model.say('hello'), options: { sessionId } }))

      expect(resultOf(first).session_id).toBe(sessionId)
    },
  },
  {
    name: 'a second conversation of the same sessionId is refused',
    differs: {
      query: { why: 'It goes on with the session of that name.', shows: /to be an instance of Error/ },
      browser: BOUND,
    },
    async run({ query, model }) {
      const sessionId = crypto.randomUUID()
      await collect(query({ prompt: model.say('hello'), options: { sessionId } }))

      const failure = await collect(query({ prompt: model.say('again'), options: { sessionId } })).catch(
        (error: unknown) => error,
      )

      expect(failure).toBeInstanceOf(Error)
      expect(model.bodiesOf('again')).toEqual([])
    },
  },
  {
    name: 'resume of a conversation that does not exist fails',
    async run({ query, model }) {
      const failure = await collect(
        query({ prompt: model.say('hello'), options: { resume: crypto.randomUUID() } }),
      ).catch((error: unknown) => error)

      expect(failure).toBeInstanceOf(Error)
      expect(model.requests).toEqual([])
    },
  },
  {
    name: 'continue goes on with the newest conversation of the folder',
    isAlone: true,
    differs: {
      remoteProcess: {
        why: 'It goes on with the conversation of the session that `remoteProcess()` names.',
        shows: /to contain 'echo: newest'/,
      },
      browser: BOUND,
    },
    async run({ query, model }) {
      await collect(query({ prompt: model.say('newest') }))

      await collect(query({ prompt: model.say('go on'), options: { continue: true } }))

      expect(JSON.stringify(model.bodiesOf('go on')[0]?.messages)).toContain('echo: newest')
    },
  },
]
