import { expect } from 'vitest'
import type { Case } from '../case.ts'
import { answerOf, collect, resultOf, shapeOf, textsOf } from '../conversation.ts'

/** Messages up to the end, and the failure that the end was. */
async function take(
  query: AsyncIterable<Awaited<ReturnType<typeof collect>>[number]>,
): Promise<{ messages: Awaited<ReturnType<typeof collect>>; failure: unknown }> {
  const messages: Awaited<ReturnType<typeof collect>> = []
  try {
    for await (const message of query) messages.push(message)
    return { messages, failure: undefined }
  } catch (failure) {
    return { messages, failure }
  }
}

/** What the model's service refuses. */
export const failures: Case[] = [
  {
    name: 'a request that the service refuses ends the turn with its reason',
    differs: {
      browser: {
        why: 'After such a result the messages go on: there is no process that ends.',
        shows: /'undefined' to contain/,
      },
    },
    async run({ query, model }) {
      const prompt = model.answer('bad', [{ error: { status: 400, message: 'This prompt is bad.' } }])

      const { messages, failure } = await take(query({ prompt }))

      expect(resultOf(messages)).toMatchObject({ is_error: true })
      expect(textsOf(messages).join('')).toContain('This prompt is bad.')
      expect(messages.find(({ type }) => type === 'assistant')).toHaveProperty('error')
      expect(String(failure)).toContain('This prompt is bad.')
    },
  },
  {
    name: 'an overloaded service is asked again, and that is told',
    async run({ query, model }) {
      let requests = 0
      const prompt = model.respond('busy', () => {
        requests += 1
        return requests === 1 ? [{ error: { status: 529, retryAfterSeconds: 1 } }] : [{ text: 'Now I can.' }]
      })

      const messages = await collect(query({ prompt }))

      expect(answerOf(messages)).toBe('Now I can.')
      const retry = messages.find((message) => shapeOf(message) === 'system/api_retry')
      expect(retry).toMatchObject({ attempt: 1, error_status: 529 })
    },
  },
  {
    name: 'a key that is refused is told as that',
    async run({ query, model }) {
      const prompt = model.answer('key', [
        { error: { status: 401, message: 'invalid x-api-key', headers: { 'x-should-retry': 'false' } } },
      ])

      const { messages } = await take(query({ prompt }))

      expect(resultOf(messages)).toMatchObject({ is_error: true })
      expect(messages.find(({ type }) => type === 'assistant')).toMatchObject({
        error: 'authentication_failed',
      })
    },
  },
  {
    name: 'an answer that breaks off is asked for again',
    async run({ query, model }) {
      let requests = 0
      const prompt = model.respond('torn', () => {
        requests += 1
        return requests === 1 ? [{ text: 'Half an ans' }, { cut: true }] : [{ text: 'The whole answer.' }]
      })

      const messages = await collect(query({ prompt }))

      expect(answerOf(messages)).toBe('The whole answer.')
    },
  },
]
