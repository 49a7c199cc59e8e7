import { appendFile, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from '@claude-agent/client'
import { lastTexts, PATIENT_MS, run } from './support/memory.ts'
import { http, Peer } from '../sessions/support/peer.ts'
import { crash, describe, expect, restart, setStage, test } from '../sessions/support/shared.ts'
import { until } from '../support/until.ts'

describe('an archive', { timeout: 4 * PATIENT_MS }, () => {
  test('goes on at another server, where the model remembers what was said at the first', async ({
    world,
    stage,
  }) => {
    const options = { model: 'claude-x', env: { MY_TOKEN: 'a-secret-of-mine' } }
    const peer = await Peer.create(world, stage.server, { id: 'moved', options })
    for (const text of ['said at the first', 'bash: seq 1 40000']) await run(peer, text)
    const session = connect({ url: stage.server.url }).session('moved')
    const archive = await new Response(await session.export()).text()
    expect(archive).not.toContain('a-secret-of-mine')
    expect(archive).not.toContain('e2e-key')
    const { server } = await setStage(world, { ANTHROPIC_BASE_URL: stage.claude.url })
    const other = connect({ url: server.url })
    const taken = await other.importSession(new Blob([archive]))
    expect(taken.id).toBe('moved')
    expect(await taken.info()).toMatchObject({
      status: 'credentials_required',
      sdkSessionId: (await peer.info()).sdkSessionId,
      usage: { turns: 2 },
    })
    expect((await http(server, 'POST', '/sessions', { id: 'moved', options })).status).toBe(200)
    const there = await Peer.attach(world, server, 'moved')
    const { seq: end } = await there.event('copied')
    expect(there.events.slice(0, end - 1)).toEqual(peer.events.slice(0, end - 1))
    expect(await run(there, 'said at the second')).toBe('completed')
    expect(there.of('error')).toEqual([])
    expect(lastTexts(stage.claude, 'said at the second')).toContain('said at the first')
    const names = await readdir(join(server.home, '.claude/projects'), { recursive: true })
    expect(names.some((name) => name.includes('tool-results/'))).toBe(true)
    // It is the same when it is repeated, and another session under another id.
    expect((await other.importSession(new Blob([archive]))).id).toBe('moved')
    const copy = await other.importSession(new Blob([archive]), { id: 'copied' })
    expect((await copy.info()).sdkSessionId).not.toBe((await taken.info()).sdkSessionId)
  })

  test('of a session that runs has what was there at the end of its last turn, and disturbs nothing', async ({
    world,
    stage,
  }) => {
    const peer = await Peer.create(world, stage.server)
    await run(peer, 'long ago')
    await peer.send('brief: now')
    await peer.status('running')
    const archive = await new Response(
      await connect({ url: stage.server.url }).session(peer.id).export(),
    ).text()
    expect(archive).toContain('long ago')
    expect(archive).not.toContain('brief: now')
    await until('both are done', () => peer.of('prompt_ended').length === 2, PATIENT_MS)
    expect(peer.of('error')).toEqual([])
  })

  test('of which the server is killed while it takes it in, leaves nothing; it can be taken in again', async ({
    world,
    stage,
  }) => {
    const peer = await Peer.create(world, stage.server)
    await run(peer, 'to be taken in')
    const archive = Buffer.from(
      await new Response(await connect({ url: stage.server.url }).session(peer.id).export()).arrayBuffer(),
    )
    let second = await setStage(world)
    const half = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(archive.subarray(0, archive.length - 100)),
    })
    const broken = connect({ url: second.server.url })
      .importSession(half)
      .catch((error: Error) => error)
    const sessions = join(second.server.dataDir, 'sessions')
    await until('it is on its way', async () =>
      (await readdir(sessions)).some((name) => name.startsWith('.staged-')),
    )
    second = await crash(world, second)
    expect(await broken).toBeInstanceOf(Error)
    expect(await readdir(sessions)).toEqual([])
    const again = await connect({ url: second.server.url }).importSession(new Blob([archive]))
    expect((await again.info()).status).toBe('idle')
  })
})

async function gather<T>(entries: AsyncIterable<T>): Promise<T[]> {
  const gathered: T[] = []
  for await (const entry of entries) gathered.push(entry)
  return gathered
}

describe('conversations that the SDK knows', { timeout: 4 * PATIENT_MS }, () => {
  test('are listed and read, and taken over as a session once, which goes on where they were', async ({
    world,
    stage,
  }) => {
    const peer = await Peer.create(world, stage.server)
    await run(peer, 'said before there was a session')
    const { sdkSessionId = '' } = await peer.info()
    const server = connect({ url: stage.server.url })
    const listed = await gather(server.transcripts())
    expect(listed).toContainEqual(expect.objectContaining({ sdkSessionId, session: peer.id }))
    expect((await server.sessionWith(sdkSessionId))?.id).toBe(peer.id)
    expect((await server.latestSession())?.id).toBe(peer.id)
    const said = await gather(server.transcript(sdkSessionId, { limit: 2 }))
    expect(JSON.stringify(said)).toContain('said before there was a session')
    const refused = await http(stage.server, 'POST', '/sessions', { transcript: sdkSessionId })
    expect(refused).toMatchObject({ status: 409, body: { code: 'transcript_in_use' } })
    const unknown = '11111111-2222-4333-8444-555555555555'
    for (const [method, path, body] of [
      ['POST', '/sessions', { transcript: unknown }],
      ['GET', `/transcripts/${unknown}`],
      ['GET', '/transcripts/x'],
    ] as const)
      expect(await http(stage.server, method, path, body)).toMatchObject({
        status: 404,
        body: { code: 'transcript_not_found' },
      })
    // As one that another program left: under an id that no session has.
    const projects = join(stage.server.home, '.claude/projects')
    const path = (await readdir(projects, { recursive: true })).find((name) =>
      name.endsWith(`${sdkSessionId}.jsonl`),
    )!
    const text = await readFile(join(projects, path), 'utf8')
    await appendFile(
      join(projects, path.replace(sdkSessionId, unknown)),
      text.replaceAll(sdkSessionId, unknown),
    )
    const made = await http(stage.server, 'POST', '/sessions', { id: 'taken', transcript: unknown })
    expect(made).toMatchObject({ status: 201, body: { sdkSessionId: unknown } })
    expect((await http(stage.server, 'POST', '/sessions', { id: 'taken', transcript: unknown })).status).toBe(
      200,
    )
    const taken = await Peer.attach(world, stage.server, 'taken')
    await taken.event('copied')
    expect(JSON.stringify(taken.of('sdk_message'))).toContain('said before there was a session')
    expect(await run(taken, 'said in the session')).toBe('completed')
    expect(taken.of('error')).toEqual([])
    expect(lastTexts(stage.claude, 'said in the session')).toContain('said before there was a session')
  })
})

describe('a mirror', { timeout: 4 * PATIENT_MS }, () => {
  test('outlives its sandbox: from what it has another server goes on, although the first was killed in a turn', async ({
    world,
  }) => {
    const mirror = join(await world.folder(), 'volume')
    let stage = await setStage(world, { CLAUDE_AGENT_MIRROR: mirror })
    const peer = await Peer.create(world, stage.server, { id: 'mirrored' })
    await run(peer, 'mirrored words')
    await peer.send('talk: forever')
    await peer.event('sdk_message', ({ seq, data }) => seq > 15 && data.type === 'system', PATIENT_MS)
    const all = async (): Promise<Buffer> => {
      const names = (await readdir(mirror, { recursive: true }))
        .filter((name) => name.endsWith('.part'))
        .sort()
      return Buffer.concat(await Promise.all(names.map((name) => readFile(join(mirror, name)))))
    }
    await until(
      'the turn is in the mirror',
      async () => {
        const bytes = await all().catch(() => Buffer.alloc(0))
        return bytes.lastIndexOf('talk: forever') > bytes.lastIndexOf('"part":"transcript"')
      },
      PATIENT_MS,
    )
    expect(await (await fetch(`${stage.server.url}/health`)).json()).toMatchObject({
      mirror: { state: 'ok' },
    })
    stage.server.kill('SIGKILL')
    await stage.server.program.ended
    const { server } = await setStage(world, { ANTHROPIC_BASE_URL: stage.claude.url })
    await connect({ url: server.url }).importSession(new Blob([new Uint8Array(await all())]))
    const there = await Peer.attach(world, server, 'mirrored')
    await until('the turn has ended', () => there.of('prompt_ended').length === 2)
    expect(there.of('prompt_ended').map(({ outcome }) => outcome)).toEqual(['completed', 'interrupted'])
    expect(await run(there, 'after the loss')).toBe('completed')
    expect(lastTexts(stage.claude, 'after the loss')).toContain('mirrored words')
    // The first one comes back and goes on with its mirror.
    stage = await restart(world, stage, { CLAUDE_AGENT_MIRROR: mirror })
    const back = await Peer.attach(world, stage.server, 'mirrored')
    await back.event('prompt_ended', ({ outcome }) => outcome === 'interrupted')
    await until('that is in the mirror', async () => (await all()).includes('"outcome":"interrupted"'))
  })
})
