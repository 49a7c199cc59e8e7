import { expect, test } from '../../support/test.ts'
import type { EventStream } from './support/event-stream.ts'
import { isResult, numbersOf, range, textsOf, type Frame } from './support/frame.ts'
import type { Listener } from './support/listener.ts'
import type { SessionUnderTest } from './support/session.ts'
import { blocks, talk, wordOf } from './support/speeches.ts'

const BURST = 2000

/** After how many events a client loses its line, each time. */
const LOSSES = [1, 37, 2, 211, 503, 3, 89, 701]

/** Reads to the result, over lines that break again and again; gives every event that came. */
async function readInPieces(open: (last: Frame | undefined) => Listener | EventStream): Promise<Frame[]> {
  const events: Frame[] = []
  for (const loss of [...LOSSES, Infinity]) {
    const reader = open(events.at(-1))
    const received: Frame[] = []
    await new Promise<void>((resolve) => {
      reader.onFrame = (frame) => {
        // What comes while the line breaks was never seen.
        if (frame.seq === undefined || frame.type === 'caught_up' || received.length >= loss) return
        received.push(frame)
        if (received.length >= loss || isResult(frame)) resolve()
      }
    })
    reader.terminate()
    events.push(...received)
    if (received.some(isResult)) break
  }
  return events
}

/** The same with pages of these sizes. */
async function readPages(session: SessionUnderTest, limits: readonly number[]): Promise<Frame[]> {
  const events: Frame[] = []
  for (let i = 0; !events.some(isResult); i += 1) {
    const page = await session.page(`?after=${events.at(-1)?.seq ?? 0}&limit=${limits[i % limits.length]}`)
    expect(page.events.length).toBeLessThanOrEqual(limits[i % limits.length]!)
    events.push(...page.events)
  }
  return events
}

test(
  'A client that comes back with its cursor gets each event after it exactly once, in order, and then what happens: over the socket, the stream and pages, while thousands flow',
  { timeout: 60_000 },
  async ({ world }) => {
    const { session } = await talk(world, [blocks('burst', BURST)])
    const { log } = await session.info()
    const witness = session.listen()
    await witness.prompt('burst')
    let lastEventId: string | undefined
    const [socket, bare, stream, pages] = await Promise.all([
      readInPieces((last) => session.listen(`?after=${log}:${last?.seq ?? 0}`)),
      readInPieces((last) => session.listen(last === undefined ? '' : `?after=${last.seq}`)),
      readInPieces((last) => {
        if (last !== undefined) lastEventId = `${log}:${last.seq}`
        return session.stream('', lastEventId)
      }),
      readPages(session, [1, 7, 100, 1000]),
    ])

    const end = socket.find(isResult)!.seq!
    expect(numbersOf(socket).slice(0, end)).toEqual(range(1, end))
    expect(textsOf(socket)).toEqual(range(0, BURST - 1).map((index) => wordOf(index)))
    for (const events of [bare, stream, pages]) expect(events.slice(0, end)).toEqual(socket.slice(0, end))
    expect(numbersOf(witness.frames).slice(0, end)).toEqual(range(1, end))
  },
)

test('the id that an EventSource sends back is that of the last event, and what it missed follows', async ({
  world,
}) => {
  const { session } = await talk(world)
  await session.prompt('one')
  const { lastSeq, log } = await session.idle()
  const first = session.stream()
  expect(await first.caughtUp()).toBe(lastSeq)
  expect(first.lastEventId).toBe(`${log}:${lastSeq}`)
  first.terminate()
  await session.prompt('two')
  await session.idle()
  const second = session.stream('', first.lastEventId)
  const end = await second.caughtUp()
  expect(numbersOf(second.frames)).toEqual(range(lastSeq + 1, end))
})

/** Readers from these points, on sockets and streams in turn. */
function attachFrom(
  session: SessionUnderTest,
  points: readonly number[],
  log: string,
): { after: number; reader: Listener | EventStream }[] {
  return points.map((after, i) => {
    const query = i % 3 === 0 ? `?after=${after}` : `?after=${log}:${after}`
    return { after, reader: i % 2 === 0 ? session.listen(query) : session.stream(query) }
  })
}

test('several readers from different points at once: each gets what follows its own, history and what happens joined without a seam', async ({
  world,
}) => {
  const { session } = await talk(world, [blocks('first', 400), blocks('second', 1500)])
  await session.prompt('first')
  const { lastSeq, log } = await session.idle()
  const points = [0, 1, 2, 50, 199, 200, lastSeq - 1, lastSeq]
  const early = attachFrom(session, points, log)
  const sent = await session.prompt('second')
  await early[0]!.reader.next(({ seq }) => seq! > lastSeq + 200)
  const late = attachFrom(session, [...points, lastSeq + 100], log)
  const all = [...early, ...late]
  await Promise.all(
    all.map(({ reader }) =>
      reader.next(({ type, uuid }) => type === 'prompt_ended' && uuid === sent.json.uuid),
    ),
  )
  const end = await session.idle()
  for (const { after, reader } of all) {
    await reader.find(({ seq }) => seq === end.lastSeq)
    expect(numbersOf(reader.frames)).toEqual(range(after + 1, end.lastSeq))
    expect(reader.frames.filter(({ type }) => type === 'caught_up')).toHaveLength(1)
  }
})

test('`after=latest` is live only: nothing that was, everything that happens', async ({ world }) => {
  const { session } = await talk(world)
  await session.prompt('one')
  const { lastSeq } = await session.idle()
  const readers = [session.listen('?after=latest'), session.stream('?after=latest')]
  expect(await Promise.all(readers.map((reader) => reader.caughtUp()))).toEqual([lastSeq, lastSeq])
  expect((await session.page('?after=latest')).events).toEqual([])
  await session.prompt('two')
  const end = (await session.idle()).lastSeq
  for (const reader of readers) {
    await reader.find(({ seq }) => seq === end)
    expect(numbersOf(reader.frames)).toEqual(range(lastSeq + 1, end))
  }
})

test('pages go both ways, the oldest event first: 100 by default, 1000 at most, `before=` backwards to the first event', async ({
  world,
}) => {
  const { session } = await talk(world, [blocks('history', 300)])
  await session.prompt('history')
  const { lastSeq } = await session.idle()
  const newest = await session.page('?before=latest&limit=50')
  expect(numbersOf(newest.events)).toEqual(range(lastSeq - 49, lastSeq))
  let events = newest.events
  while (events[0]!.seq! > 1) {
    const page = await session.page(`?before=${newest.log}:${events[0]!.seq}&limit=77`)
    expect(page).toMatchObject({ log: newest.log, firstSeq: 1, lastSeq })
    events = [...page.events, ...events]
  }
  expect(numbersOf(events)).toEqual(range(1, lastSeq))
  expect(events).toEqual(await session.pages())
  expect((await session.page('?before=1')).events).toEqual([])

  expect(numbersOf((await session.page()).events)).toEqual(range(1, 100))
  expect(numbersOf((await session.page('?after=7&limit=3')).events)).toEqual([8, 9, 10])
  expect(numbersOf((await session.page('?limit=1000')).events)).toEqual(range(1, lastSeq))
  for (const query of ['limit=0', 'limit=1001', 'limit=-1', 'limit=ten', 'limit=', 'after=1&before=9']) {
    const refused = await session.request(`/events?${query}`)
    expect(refused, query).toMatchObject({ status: 400, json: { code: 'invalid_request' } })
  }
})

test('what is no cursor is refused, not taken for the start', async ({ world }) => {
  const { session } = await talk(world)
  for (const wrong of ['', 'x', '-1', '1.5', 'log:', ':1', 'a b:1', '1e3', '9'.repeat(16)]) {
    const query = `?after=${encodeURIComponent(wrong)}`
    const page = await session.request(`/events${query}`)
    expect(page, wrong).toMatchObject({ status: 400, json: { code: 'invalid_request' } })
    const listener = session.listen(query)
    expect((await listener.closed).code, wrong).toBe(1008)
    expect(listener.frames, wrong).toMatchObject([{ type: 'error', code: 'invalid_request' }])
  }
  const stream = await session.request('/events', {
    headers: { accept: 'text/event-stream', 'last-event-id': 'x' },
  })
  expect(stream).toMatchObject({ status: 400, json: { code: 'invalid_request' } })
})
