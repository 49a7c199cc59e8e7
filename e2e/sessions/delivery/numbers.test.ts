import { setTimeout as pause } from 'node:timers/promises'
import { ask } from '../../support/http.ts'
import { expect, test } from '../../support/test.ts'
import { isResult, numbersOf, range, type Frame } from './support/frame.ts'
import { readLog, readLogText } from './support/log-file.ts'
import { createSession } from './support/session.ts'
import { blocks, restart, talk } from './support/speeches.ts'

test('Every event has a number, `seq`: the first is 1, and there are no gaps, across restarts and crashes of the server too', async ({
  world,
}) => {
  let now = await talk(world, [blocks('lecture', 400, 0, 200)])
  const { log } = await now.session.info()
  const seen: Frame[][] = []
  for (const [round, signal] of (['SIGKILL', 'SIGTERM', 'SIGKILL'] as const).entries()) {
    const listener = now.session.listen(`?after=${log}:${seen.flat().at(-1)?.seq ?? 0}`)
    await listener.prompt('lecture')
    // In the middle of what it says.
    await listener.next(({ data }) => data?.type === 'assistant')
    await pause(100 * round)
    now = await restart(world, now, { signal })
    await listener.closed
    seen.push(listener.frames.filter(({ seq, type }) => seq !== undefined && type !== 'caught_up'))
  }
  await now.session.prompt('and now?')
  const { lastSeq, log: logNow } = await now.session.idle()
  const events = await now.session.pages()

  expect(logNow).toBe(log)
  expect(numbersOf(events)).toEqual(range(1, lastSeq))
  expect(readLog(now.server, 'talk')).toEqual(events)
  // What was heard before a crash is what the numbers mean after it.
  const heard = seen.flat()
  expect(heard).toEqual(events.slice(0, heard.length))
})

test('An event is written to the log before anybody hears of it', async ({ world }) => {
  const { server, session } = await talk(world, [blocks('burst', 300)])
  const early: number[] = []
  const look = (frame: Frame): void => {
    if (frame.seq === undefined || frame.type === 'caught_up') return
    if (!readLogText(server, 'talk').includes(`${JSON.stringify(frame)}\n`)) early.push(frame.seq)
  }
  const readers = [session.listen(), session.listen(), session.stream()]
  await Promise.all(readers.map((reader) => reader.caughtUp()))
  for (const reader of readers) reader.onFrame = look
  await session.prompt('burst')
  const results = await Promise.all(readers.map((reader) => reader.next(isResult)))

  expect(results.every(({ seq }) => seq! > 300)).toBe(true)
  expect(early).toEqual([])
})

/** What is acknowledged, and where it is found after the server was killed in that very moment. */
const ACKNOWLEDGED = ['a prompt over HTTP', 'a prompt on the socket', 'a title', 'a session'] as const

test('What is acknowledged (a 2xx answer or a `reply`) is durable: it is on the disk when the server is killed in that moment', async ({
  world,
}) => {
  let now = await talk(world)
  for (const round of range(0, 7)) {
    const what = ACKNOWLEDGED[round % ACKNOWLEDGED.length]!
    const { server, session } = now
    const uuid = crypto.randomUUID()
    const kill = (): void => server.kill('SIGKILL')
    if (what === 'a prompt over HTTP') {
      await session.prompt(`prompt ${round}`, { uuid }).then(kill)
    } else if (what === 'a prompt on the socket') {
      const listener = session.listen()
      await listener.open()
      listener.onFrame = ({ type }) => type === 'reply' && kill()
      await listener.prompt(`prompt ${round}`, uuid)
    } else if (what === 'a title') {
      await session.request('', { method: 'PATCH', body: { title: uuid } }).then(kill)
    } else {
      await createSession(world, server, { id: uuid, title: uuid }).then(kill)
    }
    await server.program.ended
    const prompts = readLog(server, 'talk').filter(({ type }) => type === 'user_message')
    if (what.startsWith('a prompt')) expect(prompts.at(-1)?.uuid, what).toBe(uuid)
    now = await restart(world, now)
    if (what === 'a title') expect((await now.session.info()).title, what).toBe(uuid)
    const answer = await ask(`${now.server.url}/sessions/${what === 'a session' ? uuid : 'talk'}`)
    expect(answer.status, what).toBe(200)
  }
  await now.session.idle()
  const events = await now.session.pages()
  expect(numbersOf(events)).toEqual(range(1, events.length))
})
