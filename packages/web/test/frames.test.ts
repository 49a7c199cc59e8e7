import { expect, test } from 'vitest'
import { reduce } from '../src/transcript/reduce.ts'
import { EMPTY_TRANSCRIPT, isBusy } from '../src/transcript/transcript.ts'
import { cardsOf, cardsOfKind, play, prompt, sdk, shownCards } from './recording.ts'

const frame = (value: unknown) => ({ type: 'frame' as const, frame: value })
const lifecycle = (uuid: string, state: string) =>
  sdk({ type: 'command_lifecycle', command_uuid: uuid, state, uuid: `${uuid}-${state}` })
const assistant = (...content: unknown[]) => sdk({ type: 'assistant', message: { id: 'm', content } })
const result = (fields: object = {}) =>
  sdk({ type: 'result', subtype: 'success', is_error: false, ...fields })

test('a prompt behind another waits, and takes its place when its turn begins', () => {
  const sent = play([prompt('a'), prompt('b')])
  expect(cardsOfKind(sent, 'prompt').map((card) => card.uuid)).toEqual(['a'])
  expect(sent.waiting.map((card) => [card.uuid, card.status])).toEqual([['b', 'queued']])
  const next = play(
    [lifecycle('a', 'started'), result(), lifecycle('a', 'completed'), lifecycle('b', 'started')],
    sent,
  )
  expect(shownCards(next).map((card) => card.kind)).toEqual(['prompt', 'result', 'prompt'])
  expect(cardsOfKind(next, 'prompt').map((card) => card.status)).toEqual(['done', 'running'])
  expect(next.waiting).toEqual([])
})

test('without a word about their life, prompts are answered in order', () => {
  const transcript = play([prompt('a'), prompt('b'), result()])
  expect(cardsOfKind(transcript, 'prompt').map((card) => card.status)).toEqual(['done', 'running'])
  expect(isBusy(transcript)).toBe(true)
  expect(isBusy(play([result()], transcript))).toBe(false)
})

test('the result of background work ends no prompt that waits', () => {
  const transcript = play([
    prompt('a'),
    lifecycle('a', 'started'),
    prompt('b'),
    result({ user_message_uuids: ['a'] }),
    result({ user_message_uuids: ['task'] }),
  ])
  expect(transcript.waiting.map((card) => card.uuid)).toEqual(['b'])
})

test.each(['queue_full', 'no_model_access', 'storage_full'])(
  '%s ends the prompt that was sent last',
  (code) => {
    const transcript = play([prompt('a'), prompt('b'), frame({ type: 'error', error: 'No.', code })])
    expect(cardsOfKind(transcript, 'prompt').map((card) => [card.uuid, card.status])).toEqual([
      ['a', 'running'],
      ['b', 'failed'],
    ])
    const alone = play([prompt('a'), frame({ type: 'error', error: 'No.', code })])
    expect(isBusy(alone)).toBe(false)
  },
)

test('an agent that died ends the running prompt, its text and its tools, and the next prompt is free to go', () => {
  const transcript = play([
    prompt('a'),
    lifecycle('a', 'started'),
    assistant({ type: 'tool_use', id: 't', name: 'Bash', input: { command: 'sleep 9' } }),
    frame({ type: 'error', error: 'The agent ended: killed.', code: 'agent_exited', hint: 'Send again.' }),
  ])
  expect(shownCards(transcript)).toMatchObject([
    { kind: 'prompt', status: 'failed' },
    { kind: 'tool', status: 'interrupted' },
    { kind: 'error', message: 'The agent ended: killed.', code: 'agent_exited', hint: 'Send again.' },
  ])
  expect(isBusy(transcript)).toBe(false)
})

test('prompts that were open when the connection was lost say so until their end is heard', () => {
  const lost = play([prompt('a'), prompt('b'), { type: 'disconnected' }])
  expect(cardsOfKind(lost, 'prompt').map((card) => card.status)).toEqual(['unsettled', 'unsettled'])
  expect(isBusy(lost)).toBe(false)
  const back = play([lifecycle('a', 'completed'), lifecycle('b', 'started')], lost)
  expect(cardsOfKind(back, 'prompt').map((card) => card.status)).toEqual(['done', 'running'])
})

test('stderr that comes in pieces is one card, until something else is said', () => {
  const transcript = play([
    frame({ type: 'info', data: 'one\n' }),
    frame({ type: 'info', data: 'two' }),
    frame({ type: 'error', error: 'x' }),
    frame({ type: 'info', data: 'three' }),
  ])
  expect(cardsOfKind(transcript, 'info').map((card) => card.text)).toEqual(['one\ntwo', 'three'])
})

test('a result of a tool that is not known has a card of its own', () => {
  const transcript = play([
    sdk({
      type: 'user',
      message: { content: [{ type: 'tool_result', tool_use_id: 'lost', content: 'late' }] },
    }),
  ])
  expect(cardsOf(transcript)).toMatchObject([{ kind: 'tool', name: 'Tool result', result: { text: 'late' } }])
})

test('pictures of a tool become data URLs, other sources do not', () => {
  const image = (media_type: string) => ({
    type: 'image',
    source: { type: 'base64', media_type, data: 'AAAA' },
  })
  const content = [
    image('image/png'),
    image('image/svg+xml'),
    { type: 'image', source: { type: 'url', url: 'http://x' } },
  ]
  const transcript = play([sdk({ type: 'user', message: { content: [{ type: 'tool_result', content }] } })])
  expect(cardsOfKind(transcript, 'tool')[0]?.result?.images).toEqual(['data:image/png;base64,AAAA'])
})

test('the echo of a prompt of this page is not shown twice; text from elsewhere is', () => {
  const echo = (uuid: string) => sdk({ type: 'user', uuid, message: { role: 'user', content: 'do it' } })
  const transcript = play([prompt('a'), echo('a'), echo('elsewhere')])
  expect(cardsOfKind(transcript, 'prompt').map((card) => card.uuid)).toEqual(['a', undefined])
})

test('messages of unknown types are shown as rows with their type', () => {
  const transcript = play([
    sdk({ type: 'brand_new', uuid: 'x' }),
    sdk({ type: 'system', subtype: 'brand_new', uuid: 'y' }),
    assistant({ type: 'brand_new_block' }),
    frame({ type: 'brand_new_frame' }),
  ])
  expect(shownCards(transcript).map((card) => card.kind === 'raw' && card.label)).toEqual([
    'brand_new',
    'system/brand_new',
    'assistant/brand_new_block',
    'brand_new_frame',
  ])
})

const junk = [undefined, null, 0, 'text', [], {}, [null], { type: 7 }, { content: [null, 3, { type: null }] }]
const types = ['assistant', 'user', 'result', 'system', 'stream_event', 'command_lifecycle']

test('no malformed frame breaks the transcript', () => {
  let transcript = play([prompt('a')])
  for (const value of junk) {
    const frames: unknown[] = [
      value,
      { type: 'sdk_message', data: value },
      { type: 'info', data: value },
      { type: 'error', error: value },
    ]
    for (const type of types) {
      for (const field of [
        'message',
        'event',
        'uuid',
        'user_message_uuids',
        'model_usage_since_last_result',
        'errors',
      ]) {
        frames.push({ type: 'sdk_message', data: { type, [field]: value } })
      }
      frames.push({ type: 'sdk_message', data: { type, message: { id: 'm', content: [value] } } })
    }
    for (const each of frames) {
      transcript = reduce(transcript, frame(each))
      expect(cardsOf(transcript)).toHaveLength(transcript.count)
    }
  }
  const labels = cardsOfKind(transcript, 'raw').map((card) => card.label)
  expect(labels.filter((label) => label.startsWith('unreadable'))).toEqual([])
  expect(
    cardsOfKind(play([prompt('b')], transcript), 'prompt').length + transcript.waiting.length,
  ).toBeGreaterThan(0)
})

test('a message that cannot be read becomes a row, not an exception', () => {
  const trap = new Proxy(
    {},
    {
      get: () => {
        throw new TypeError('trap')
      },
    },
  )
  expect(cardsOf(reduce(EMPTY_TRANSCRIPT, frame(trap)))).toMatchObject([
    { kind: 'raw', label: 'unreadable (TypeError: trap)', noise: false },
  ])
})
