import { join } from 'node:path'
import { filesWith } from '../../support/folder.ts'
import { ask } from '../../support/http.ts'
import { turnsOf } from '../../support/messages.ts'
import { expect, test, type World } from '../../support/test.ts'
import { until } from '../../support/until.ts'
import { isResult, numbersOf, range, textsOf } from './support/frame.ts'
import { readLog } from './support/log-file.ts'
import { missingSmallDisk, SmallDisk } from './support/small-disk.ts'
import type { SessionUnderTest } from './support/session.ts'
import { blocks, restart, talk, wordOf, type Talk } from './support/speeches.ts'

const reason = missingSmallDisk()
const WORDS = 150
const SIZE = 2000

/** A session whose log is on a small disk of its own. */
async function onSmallDisk(world: World): Promise<Talk & { disk: SmallDisk }> {
  const folder = await world.folder()
  const disk = SmallDisk.mount(join(folder, 'data'), 8)
  world.defer(() => disk.unmount())
  return { ...(await talk(world, [blocks('lecture', WORDS, SIZE, 75)], { folder })), disk }
}

test.skipIf(reason !== '')(
  `A full disk refuses prompts with \`storage_full\`, and loses nothing of what the agent says; when there is room again the session goes on by itself${reason}`,
  async ({ world }) => {
    const made = await onSmallDisk(world)
    const { claude, server, session, disk } = made
    const [socket, stream] = [session.listen(), session.stream()]
    const lecture = await socket.prompt('lecture')
    await socket.next(({ data }) => data?.type === 'assistant')
    disk.fill()
    const heard = socket.frames.length

    // The last block of the log may have room for one more event.
    let prompts = 1
    const refused = await until('it is refused', async () => {
      const answer = await session.prompt('one more')
      if (answer.status === 202) prompts += 1
      return answer.status !== 202 && answer
    })
    expect(refused).toMatchObject({ status: 507, json: { code: 'storage_full' } })
    expect(refused.json.retryAfterMs).toBeGreaterThan(0)
    expect(await socket.prompt('and one more')).toMatchObject({ type: 'error', code: 'storage_full' })
    const created = await ask(`${server.url}/sessions`, { method: 'POST', body: { id: 'another' } })
    expect(created).toMatchObject({ status: 507, json: { code: 'storage_full' } })
    await until('the model has said all', () => turnsOf(claude)[0]?.outcome === 'answered')
    expect((await ask(`${server.url}/health`)).json).toMatchObject({ status: 'ok' })
    expect((await session.info()).status).toBe('running')
    expect(socket.frames.some(isResult), 'nobody hears what is not written').toBe(false)
    expect(socket.frames.length).toBeLessThan(heard + WORDS)

    disk.makeRoom()
    for (const reader of [socket, stream]) {
      const end = await reader.next(
        ({ type, uuid }) => type === 'prompt_ended' && uuid === lecture.result!.uuid,
      )
      const turn = reader.frames.slice(0, reader.frames.indexOf(end))
      expect(numbersOf(turn)).toEqual(range(1, end.seq! - 1))
      expect(textsOf(turn)).toEqual(range(0, WORDS - 1).map((index) => wordOf(index, SIZE)))
      expect(turn.filter(isResult)).toHaveLength(1)
    }
    const accepted = await session.prompt('is there room?')
    expect(accepted.status).toBe(202)
    await session.idle()
    const events = await session.pages()
    expect(events.filter(({ type }) => type === 'user_message')).toHaveLength(prompts + 1)
    expect(readLog(server, session.id)).toEqual(events)

    const after = await restart(world, made)
    expect((await after.session.pages()).slice(0, events.length)).toEqual(events)
    expect(await ask(`${after.server.url}/sessions/another`)).toMatchObject({ status: 404 })
  },
)

/** The title of a session, as it tells it, and as its events do. */
async function titlesOf(
  session: SessionUnderTest,
): Promise<{ told: string | undefined; logged: string | undefined }> {
  const updates = (await session.pages()).filter(({ type }) => type === 'session_updated')
  return { told: (await session.info()).title, logged: updates.at(-1)?.title }
}

test.skipIf(reason !== '')(
  `a change of a session on a full disk is made in all places, or refused with \`storage_full\` and made in none, also after a crash${reason}`,
  async ({ world }) => {
    const made = await onSmallDisk(world)
    const { session, disk } = made
    // The last block of the log has room for an event more, most likely; for a new file there is none.
    await session.prompt('hello')
    await session.idle()
    disk.fill()
    const changed = await session.request('', { method: 'PATCH', body: { title: 'new' } })
    const title = changed.status === 200 ? 'new' : undefined
    if (title === undefined) expect(changed).toMatchObject({ status: 507, json: { code: 'storage_full' } })
    expect(await titlesOf(session)).toEqual({ told: title, logged: title })
    made.server.kill('SIGKILL')
    await made.server.program.ended
    disk.makeRoom()
    const after = await restart(world, made)
    expect(await titlesOf(after.session)).toEqual({ told: title, logged: title })
    expect((await after.session.request('', { method: 'PATCH', body: { title: 'newer' } })).status).toBe(200)
    expect(await titlesOf(after.session)).toEqual({ told: 'newer', logged: 'newer' })
  },
)

test.skipIf(reason !== '')(
  `a session can be deleted from a full disk, and its id stays taken${reason}`,
  async ({ world }) => {
    const made = await onSmallDisk(world)
    const { session, disk } = made
    await session.prompt('hello')
    await session.idle()
    disk.fill()
    expect((await session.request('', { method: 'DELETE' })).status).toBe(204)
    expect((await session.request('')).status).toBe(410)
    disk.makeRoom()
    const after = await restart(world, made)
    expect((await after.session.request('')).status).toBe(410)
    const again = await ask(`${after.server.url}/sessions`, { method: 'POST', body: { id: session.id } })
    expect(again.status).toBe(410)
  },
)

test.skipIf(reason !== '')(
  `a server that is killed while its disk is full starts again when there is room, and has what the agent said${reason}`,
  async ({ world }) => {
    const made = await onSmallDisk(world)
    const { claude, server, session, disk } = made
    const lecture = await session.prompt('lecture')
    await until('it speaks', () => readLog(server, session.id).some(({ data }) => data?.type === 'assistant'))
    disk.fill()
    await until('the model has said all', () => turnsOf(claude)[0]?.outcome === 'answered')
    const lastWord = wordOf(WORDS - 1, SIZE)
    await until('it is in the transcript', async () => (await filesWith(server.home, lastWord)).length > 0)
    server.kill('SIGKILL')
    await server.program.ended
    disk.makeRoom()
    const after = await restart(world, made)
    await after.session.idle()
    const events = await after.session.pages()
    expect(numbersOf(events)).toEqual(range(1, events.length))
    expect(textsOf(events)).toEqual(range(0, WORDS - 1).map((index) => wordOf(index, SIZE)))
    expect(events.some(({ recovered }) => recovered === true)).toBe(true)
    const ends = events.filter(({ type, uuid }) => type === 'prompt_ended' && uuid === lecture.json.uuid)
    expect(ends).toHaveLength(1)
  },
)
