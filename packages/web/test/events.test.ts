import { expect, test } from 'vitest'
import { reduce } from '../src/transcript/reduce.ts'
import { EMPTY_TRANSCRIPT, isBusy } from '../src/transcript/transcript.ts'
import { cardsOf, cardsOfKind, ended, play, prompt, sdk, shownCards, tell } from './recording.ts'

const lifecycle = (uuid: string, state: string) =>
  sdk({ type: 'command_lifecycle', command_uuid: uuid, state, uuid: `${uuid}-${state}` })
const assistant = (...content: unknown[]) => sdk({ type: 'assistant', message: { id: 'm', content } })
const result = (fields: object = {}) =>
  sdk({ type: 'result', subtype: 'success', is_error: false, ...fields })
const sending = (uuid: string) => ({ type: 'sending' as const, uuid, text: 'do it', message: { uuid } })

test('a prompt behind another waits, and takes its place when its turn begins', () => {
  const sent = play([prompt('a'), prompt('b')])
  expect(cardsOfKind(sent, 'prompt').map((card) => card.uuid)).toEqual(['a'])
  expect(sent.waiting.map((card) => [card.uuid, card.status])).toEqual([['b', 'queued']])
  const next = play(
    [lifecycle('a', 'started'), result(), lifecycle('a', 'completed'), ended('a'), lifecycle('b', 'started')],
    sent,
  )
  expect(shownCards(next).map((card) => card.kind)).toEqual(['prompt', 'result', 'prompt'])
  expect(cardsOfKind(next, 'prompt').map((card) => card.status)).toEqual(['done', 'running'])
  expect(next.waiting).toEqual([])
})

test('a prompt of this page is shown at once, and becomes the accepted one when its event comes', () => {
  const sent = play([sending('a')])
  expect(sent.waiting.map((card) => card.status)).toEqual(['sending'])
  const accepted = play([prompt('a')], sent)
  expect(accepted.waiting).toEqual([])
  expect(cardsOfKind(accepted, 'prompt')).toMatchObject([{ uuid: 'a', status: 'running', raw: [{ seq: 1 }] }])
})

test('a prompt that is on its way stays behind one of another client that was accepted meanwhile', () => {
  const sent = play([prompt('a'), sending('mine'), prompt('theirs')])
  expect(sent.waiting.map((card) => [card.uuid, card.status])).toEqual([
    ['theirs', 'queued'],
    ['mine', 'sending'],
  ])
})

test('a prompt that the server did not take says so', () => {
  const transcript = play([sending('a'), { type: 'unsent', uuid: 'a' }])
  expect(cardsOfKind(transcript, 'prompt').map((card) => card.status)).toEqual(['unsent'])
  expect(isBusy(transcript)).toBe(false)
})

test('a prompt that goes into the turn that runs takes its place at once', () => {
  const transcript = play([prompt('a'), prompt('b', 'and this', { turn: 'running' })])
  expect(cardsOfKind(transcript, 'prompt').map((card) => card.uuid)).toEqual(['a', 'b'])
})

test('a prompt that was taken back while it waited goes, and the one that runs goes on', () => {
  const transcript = play([prompt('a'), prompt('b'), ended('b', 'cancelled')])
  expect(cardsOfKind(transcript, 'prompt').map((card) => card.status)).toEqual(['running'])
  expect(transcript.waiting).toEqual([])
  expect(cardsOfKind(transcript, 'raw').map((card) => card.label)).toContain('prompt taken back')
  expect(isBusy(transcript)).toBe(true)
})

test('the result of background work ends no prompt', () => {
  const transcript = play([prompt('a'), prompt('b'), result({ user_message_uuids: ['task'] })])
  expect(cardsOfKind(transcript, 'prompt').map((card) => card.status)).toEqual(['running'])
  expect(transcript.waiting.map((card) => card.uuid)).toEqual(['b'])
})

test('an agent that died is told, and the end of its prompt ends its text and its tools', () => {
  const transcript = play([
    prompt('a'),
    lifecycle('a', 'started'),
    assistant({ type: 'tool_use', id: 't', name: 'Bash', input: { command: 'sleep 9' } }),
    tell({ seq: 2, type: 'agent_exited', code: null, signal: 'SIGKILL', cause: 'killed', resumable: true }),
    ended('a', 'interrupted'),
  ])
  expect(shownCards(transcript)).toMatchObject([
    { kind: 'prompt', status: 'interrupted' },
    { kind: 'tool', status: 'interrupted' },
    { kind: 'notice', text: "The agent's process ended: killed." },
  ])
  expect(isBusy(transcript)).toBe(false)
})

test('an agent that the server gave back is no news', () => {
  const exit = { seq: 2, type: 'agent_exited', code: 143, cause: 'x', resumable: true, reason: 'idle' }
  expect(shownCards(play([tell(exit)]))).toEqual([])
})

test('history that is not kept is told as a line', () => {
  const transcript = play([tell({ type: 'gap', after: 0, first: 40 })])
  expect(shownCards(transcript)).toMatchObject([{ kind: 'notice', text: 'Older history is not kept.' }])
})

test('after a gap, what the session says of itself ends prompts and adds asks that no event told of', () => {
  const info = { status: 'idle', asks: [{ ask: 'q', kind: 'dialog', data: {}, seq: 3, at: 1 }] } as never
  const transcript = play([prompt('a'), { type: 'known', info }])
  expect(isBusy(transcript)).toBe(false)
  expect(cardsOfKind(transcript, 'ask')).toMatchObject([{ ask: 'q', settled: undefined }])
  expect(cardsOfKind(play([{ type: 'known', info }], transcript), 'ask')).toHaveLength(1)
})

test('another list of events begins a new transcript, and keeps what is on its way', () => {
  const transcript = play([prompt('a'), sending('mine'), { type: 'replaced' }, prompt('b')])
  expect(cardsOfKind(transcript, 'prompt').map((card) => card.uuid)).toEqual(['b'])
  expect(transcript.waiting.map((card) => card.uuid)).toEqual(['mine'])
})

test('the place in the line for a process is known while the session is queued', () => {
  const queued = play([tell({ seq: 1, type: 'status', status: 'queued', position: 2 })])
  expect(queued).toMatchObject({ status: 'queued', position: 2 })
  const running = play([tell({ seq: 2, type: 'status', status: 'running' })], queued)
  expect(running).toMatchObject({ status: 'running', position: undefined })
})

test('stderr that comes in pieces is one card, until something else is said', () => {
  const transcript = play([
    tell({ type: 'info', data: 'one\n' }),
    tell({ type: 'info', data: 'two' }),
    tell({ type: 'error', error: 'x' }),
    tell({ type: 'info', data: 'three' }),
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

test('the echo of a prompt is not shown twice; text from elsewhere is', () => {
  const echo = (uuid: string) => sdk({ type: 'user', uuid, message: { role: 'user', content: 'do it' } })
  const transcript = play([prompt('a'), echo('a'), echo('elsewhere')])
  expect(cardsOfKind(transcript, 'prompt').map((card) => card.uuid)).toEqual(['a', undefined])
})

test('messages of unknown types are shown as rows with their type', () => {
  const transcript = play([
    sdk({ type: 'brand_new', uuid: 'x' }),
    sdk({ type: 'system', subtype: 'brand_new', uuid: 'y' }),
    assistant({ type: 'brand_new_block' }),
    tell({ type: 'brand_new_frame' }),
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

test('no malformed event breaks the transcript', () => {
  let transcript = play([prompt('a')])
  for (const value of junk) {
    const frames: unknown[] = [
      value,
      { type: 'sdk_message', data: value },
      { type: 'info', data: value },
      { type: 'error', error: value },
      { type: 'ask', ask: value, kind: value, data: value },
      { type: 'ask', ask: 'x', kind: 'elicitation', data: value },
      { type: 'ask_settled', ask: 'x', outcome: value, result: value },
      { type: 'user_message', uuid: value, data: value },
      { type: 'user_message', uuid: 'y', data: { message: value } },
      { type: 'prompt_ended', uuid: value, outcome: value },
      { type: 'status', status: value },
      { type: 'agent_exited', cause: value },
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
      transcript = reduce(transcript, tell(each))
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
  expect(cardsOf(reduce(EMPTY_TRANSCRIPT, tell(trap)))).toMatchObject([
    { kind: 'raw', label: 'unreadable (TypeError: trap)', noise: false },
  ])
})
