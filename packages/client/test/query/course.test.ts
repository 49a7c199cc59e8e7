import type { ClientEvent } from '../../src/index.ts'
import { expect, test } from 'vitest'
import { Course } from '../../src/query/course.ts'
import { Prompts } from '../../src/query/prompts.ts'

const UUID = '00000000-0000-4000-8000-00000000000a'

/** A query that has said one prompt. */
async function begin({ defers = false, isGiven = true } = {}): Promise<{ course: Course; uuid: string }> {
  const prompts = new Prompts(() => {})
  let uuid = UUID
  const session = {
    send: async (_: unknown, options: { uuid: string }) => {
      uuid = options.uuid
      return { uuid, seq: 1, turn: 'own' }
    },
  }
  const message = {
    type: 'user',
    message: { role: 'user', content: 'Hi' },
    parent_tool_use_id: null,
    ...(isGiven ? { uuid: UUID } : {}),
  } as const
  const once = (async function* () {
    yield message
  })()
  const opened = { session, after: { log: 'l', seq: 0 } }
  await prompts.feed(opened as never, once as never, new AbortController().signal)
  return { course: new Course(prompts, { partials: false, defers }), uuid }
}

const message = (data: object): ClientEvent => ({ type: 'sdk_message', seq: 1, at: 1, data }) as never
const init = message({ type: 'system', subtype: 'init' })
const result = message({ type: 'result', subtype: 'success', result: 'ok', is_error: false })
const ended = (uuid: string, outcome = 'completed'): ClientEvent =>
  ({ type: 'prompt_ended', seq: 1, at: 1, uuid, outcome }) as never
const tasks = (...list: object[]): ClientEvent =>
  message({ type: 'system', subtype: 'background_tasks_changed', tasks: list })

/** The types of the messages that come through. */
const hear = (course: Course, ...events: ClientEvent[]): string[] =>
  events.flatMap((event) => course.hear(event)?.type ?? [])

test('a query is over when its prompts have ended', async () => {
  const { course, uuid } = await begin()
  expect(course.restMs).toBeUndefined()
  expect(hear(course, init, result)).toEqual(['system', 'result'])
  expect(course.restMs).toBeUndefined()
  hear(course, ended(uuid))
  expect(course.restMs).toBe(0)
})

test('the life of a prompt is told of those whose uuid the caller gave', async () => {
  for (const isGiven of [true, false]) {
    const { course, uuid } = await begin({ isGiven })
    const life = message({ type: 'command_lifecycle', command_uuid: uuid, state: 'started' })
    expect(hear(course, life)).toEqual(isGiven ? ['command_lifecycle'] : [])
  }
})

test('work in the background is waited for, and the turn that takes it up', async () => {
  const { course, uuid } = await begin()
  hear(course, init, tasks({ task_id: 't' }), result, ended(uuid))
  expect(course.restMs).toBe(600_000)
  hear(course, tasks())
  expect(course.restMs).toBe(3_000)
  hear(course, init)
  expect(course.restMs).toBeUndefined()
  hear(course, result)
  expect(course.restMs).toBe(0)
})

test('a turn that ends for now with a question looks like one turn', async () => {
  const deferred = message({
    type: 'result',
    subtype: 'success',
    result: '',
    terminal_reason: 'tool_deferred',
  })
  const { course, uuid } = await begin({ defers: true })
  expect(hear(course, init, deferred, init, result)).toEqual(['system', 'result'])
  hear(course, ended(uuid))
  expect(course.restMs).toBe(0)
  const other = await begin()
  expect(hear(other.course, init, deferred)).toEqual(['system', 'result'])
})

test('a last result that is an error is thrown at the end, an earlier one is not', async () => {
  const { course, uuid } = await begin()
  const failed = message({
    type: 'result',
    subtype: 'error_max_turns',
    errors: ['Too many.'],
    is_error: true,
  })
  hear(course, init, failed, ended(uuid))
  expect(course.fault).toMatchObject({
    code: 'error_result',
    message: 'Claude Code returned an error result: Too many.',
  })
  hear(course, message({ type: 'assistant' }))
  expect(course.fault).toBeUndefined()
})

test('a turn that was lost with its agent is an error, with the cause', async () => {
  const { course, uuid } = await begin()
  const exit = {
    type: 'agent_exited',
    seq: 1,
    at: 1,
    code: 1,
    signal: null,
    cause: 'it burst',
    resumable: true,
  }
  hear(course, init, exit as ClientEvent)
  expect(() => course.hear(ended(uuid, 'interrupted'))).toThrow(
    expect.objectContaining({ code: 'agent_exited', message: expect.stringContaining('it burst') }) as never,
  )
})

test('a prompt that could not be run is an error, the server’s own', async () => {
  const { course, uuid } = await begin()
  const error = { type: 'error', seq: 1, at: 1, error: 'No room.', code: 'agent_start_failed' }
  hear(course, error as ClientEvent)
  expect(() => course.hear(ended(uuid, 'failed'))).toThrow(
    expect.objectContaining({ code: 'agent_start_failed', message: 'No room.' }) as never,
  )
})

test('events that are gone are an error, not a silence', async () => {
  const { course } = await begin()
  expect(() => course.hear({ type: 'gap', after: 1, first: 9 })).toThrow(
    expect.objectContaining({ code: 'history_lost' }) as never,
  )
})
