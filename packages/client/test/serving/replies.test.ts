import { AgentServerError } from '@claude-agent/protocol'
import { describe, expect, test } from 'vitest'
import { Replies, type Reply } from '../../src/serving/replies.ts'

const turn = (): Promise<void> => new Promise((go) => setImmediate(go))
const lost = (): AgentServerError => new AgentServerError({ code: 'connect_failed', message: 'lost' })

/** Replies to a server that takes them, or does not. */
function setUp(take: (ask: string, reply: Reply) => void = () => {}) {
  const sent: [string, Reply][] = []
  const replies = new Replies(async (ask, reply) => {
    sent.push([ask, reply])
    take(ask, reply)
  })
  return { replies, sent }
}

describe('what the agent asks of a client', () => {
  test('runs once, however often it comes, and its reply is sent again until the server has it', async () => {
    let isDown = true
    const { replies, sent } = setUp(() => {
      if (isDown) throw lost()
    })
    let runs = 0
    const run = async () => ({ systemMessage: String((runs += 1)) })
    for (const _ of [1, 2, 3]) replies.deliver('a', run)
    await turn()
    replies.deliver('a', run)
    await turn()
    isDown = false
    replies.deliver('a', run)
    await turn()
    expect(runs).toBe(1)
    expect(sent).toEqual([1, 2, 3].map(() => ['a', { result: { systemMessage: '1' } }]))
    // The server has it, so it does not ask again; nothing is kept for it.
    replies.deliver('a', run)
    expect(runs).toBe(2)
  })

  test('is aborted when nobody waits for it any more, and nothing is sent', async () => {
    const { replies, sent } = setUp()
    const reasons: unknown[] = []
    const run = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => {
          reasons.push((signal.reason as Error).name)
          reject(signal.reason as Error)
        })
      })
    for (const ask of ['a', 'b', 'c']) replies.deliver(ask, run)
    replies.cancel('a')
    replies.keep(['c'])
    await turn()
    expect(reasons).toEqual(['AbortError', 'AbortError'])
    expect(sent).toEqual([])
  })

  test('that throws is an error with its message', async () => {
    const { replies, sent } = setUp()
    replies.deliver('a', () => Promise.reject(new Error('it broke')))
    replies.deliver('b', () => Promise.reject('a text'))
    await turn()
    expect(sent).toEqual([
      ['a', { error: 'it broke' }],
      ['b', { error: 'a text' }],
    ])
  })

  test('whose reply the server does not take is told why, so that the agent does not wait for ever', async () => {
    const { replies, sent } = setUp((_, reply) => {
      if ('result' in reply)
        throw new AgentServerError({ code: 'invalid_answer', message: 'it does not fit' })
    })
    replies.deliver('a', async () => ({ systemMessage: 'x' }))
    await turn()
    expect(sent.at(-1)).toEqual(['a', { error: 'it does not fit' }])
  })
})
