import { expect, test } from 'vitest'
import type { Rule } from '../src/index.ts'
import { replayOf } from './support/cassette.ts'
import { assistant, bodyOf, toolResult, toolsNamed, toolUse, user } from './support/conversation.ts'
import { askText, post } from './support/wire.ts'

const counting: Rule[] = [{ respond: ({ lastUserText }) => [{ text: `about ${lastUserText}` }] }]
test('the same request twice gets the first answer, then the second, then an error', async () => {
  const rules: Rule[] = [
    { times: 1, steps: [{ text: 'one' }] },
    { times: 1, steps: [{ text: 'two' }] },
  ]
  const replay = await replayOf(rules, ['go', 'go'])
  expect([await askText(replay), await askText(replay)]).toEqual(['one', 'two'])
  replay.assertMatched({ all: true })
  const response = await post(replay, 'go')
  expect([response.status, response.headers.get('x-should-retry')]).toEqual([400, 'false'])
  expect(await response.json()).toMatchObject({
    type: 'error',
    error: {
      type: 'invalid_request_error',
      message: expect.stringContaining(
        'a message request with the text "go": recorded 2 times (last in exchange 2) and asked for once more',
      ) as string,
    },
  })
  expect(() => replay.assertMatched()).toThrow(expect.objectContaining({ code: 'unmatched_requests' }))
})

test('with onUsedUp: repeat the last one is played again', async () => {
  const rules: Rule[] = [{ times: 1, steps: [{ text: 'one' }] }, { steps: [{ text: 'two' }] }]
  const replay = await replayOf(rules, ['go', 'go'], { onUsedUp: 'repeat' })
  expect([await askText(replay), await askText(replay), await askText(replay)]).toEqual(['one', 'two', 'two'])
  replay.assertMatched({ all: true })
})

test('requests may come in another order', async () => {
  const replay = await replayOf(counting, ['a', 'b', 'c'])
  expect(await Promise.all(['c', 'a', 'b'].map((prompt) => askText(replay, prompt)))).toEqual([
    'about c',
    'about a',
    'about b',
  ])
})

test('the error names the nearest recording and the first difference', async () => {
  const replay = await replayOf(counting, [
    'the first prompt',
    bodyOf('other', { model: 'claude-haiku-5-5' }),
  ])
  await post(replay, 'the final prompt')
  expect(replay.unmatched).toEqual([
    'a message request with the text "the final prompt": nearest is exchange 1, which differs in the text of the user: ' +
      '["the final prompt"], recorded is ["the first prompt"]',
  ])
  expect(replay.requests.at(-1)).toMatchObject({ rule: 'unmatched', status: 400 })
})

test('of long texts the place is shown where they part', async () => {
  const long = 'same '.repeat(300)
  const replay = await replayOf(counting, [`${long}old${long}`])
  await post(replay, `${long}new${long}`)
  expect(replay.unmatched[0]).toMatch(
    /…(?:same )+new(?:same )+…, recorded is …(?:same )+old(?:same )+…$|more characters/,
  )
  expect(replay.unmatched[0]?.length).toBeLessThan(700)
})

test('of two conversations that look alike each gets its own answers, by the ids of the calls', async () => {
  const call = (id: string) => [user('go'), assistant([toolUse(id, 'Bash')]), user([toolResult(id, 'done')])]
  const rules: Rule[] = [{ respond: ({ toolResults }) => [{ text: `after ${toolResults[0]?.toolUseId}` }] }]
  const replay = await replayOf(rules, [bodyOf(call('toolu_a')), bodyOf(call('toolu_b'))])
  expect(await askText(replay, bodyOf(call('toolu_b')))).toBe('after toolu_b')
  expect(await askText(replay, bodyOf(call('toolu_a')))).toBe('after toolu_a')
})

test('strictly, other tools are another request', async () => {
  const asked = [bodyOf('go', { tools: toolsNamed('Bash') })]
  const replay = await replayOf(counting, asked, { match: 'strict' })
  await post(replay, bodyOf('go', { tools: toolsNamed('Read') }))
  expect(replay.unmatched).toEqual([
    expect.stringContaining('differs in the tools offered: ["Read"], recorded is ["Bash"]'),
  ])
})

test('what the CLI asks on the side does not count, loosely, recorded or not', async () => {
  const title = bodyOf('<session>hello there</session>', {
    system: 'You are naming a coding session: give it a title',
  })
  const count = (replay: { url: string }, words: string) =>
    fetch(`${replay.url}/v1/messages/count_tokens`, { method: 'POST', body: JSON.stringify(bodyOf(words)) })
  const loose = await replayOf(counting, ['go', title])
  await askText(loose)
  expect(await askText(loose, title)).toContain('hello there')
  expect(await askText(loose, title)).toContain('hello there')
  expect((await count(loose, 'x')).status).toBe(200)
  expect((await fetch(`${loose.url}/v1/models`)).status).toBe(200)
  expect((await fetch(`${loose.url}/api/hello`)).status).toBe(200)
  loose.assertMatched({ all: true })

  const strict = await replayOf(counting, ['go'], { match: 'strict' })
  expect((await count(strict, 'x')).status).toBe(400)
  expect(strict.unmatched).toEqual([
    'a /v1/messages/count_tokens message request with the text "x": nothing was recorded for POST /v1/messages/count_tokens',
  ])
})

test('a path that is never recorded counts as unmatched', async () => {
  const replay = await replayOf(counting, ['go'])
  expect((await fetch(`${replay.url}/v1/files`)).status).toBe(404)
  expect(replay.unmatched).toEqual(['GET /v1/files is never recorded'])
})

test('recordings that were never played fail the assertion only where all are asked for', async () => {
  const replay = await replayOf(counting, ['a', 'b'])
  await askText(replay, 'b')
  replay.assertMatched()
  expect(replay.unused).toEqual(['exchange 1: a message request with the text "a"'])
  expect(() => replay.assertMatched({ all: true })).toThrow(
    expect.objectContaining({ code: 'unused_recordings' }),
  )
})

test('a replay that nobody asked has proved nothing', async () => {
  const replay = await replayOf(counting, ['a'])
  expect(() => replay.assertMatched()).toThrow(/^Nothing was asked/)
})

test('what a pattern removes counts for nothing', async () => {
  const replay = await replayOf(counting, ['for customer-1'], { redact: [/customer-\d+/] })
  expect(await askText(replay, 'for customer-2')).toBe('about for [removed]')
})
