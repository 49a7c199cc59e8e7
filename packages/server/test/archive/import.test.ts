import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LoggedEvent } from '@claude-agent/protocol'
import { describe, expect, test } from 'vitest'
import { prompted, promptEnded, spoke, started } from '../session/events.ts'
import { temporaryFolder } from '../support.ts'
import { heldBytes } from '../transport/sessions/session-server.ts'
import { NO_USAGE } from '../../src/archive/staged-session.ts'
import { archiveOf, inPieces, SDK_ID, TRANSCRIPT, type ArchiveSetup } from './archive-file.ts'
import { createWorld, type ArchiveWorld } from './world.ts'

async function take(world: ArchiveWorld, setup: ArchiveSetup, id?: string) {
  return await world.archives.import(inPieces(archiveOf(setup), 1000), id)
}

async function eventsOf({ sessions }: ArchiveWorld, id: string): Promise<LoggedEvent[]> {
  const events: LoggedEvent[] = []
  for await (const entries of (await sessions.open(id)).feed.read(0))
    events.push(...entries.map(({ event }) => event as LoggedEvent))
  return events
}

describe('an archive is taken in', () => {
  test.for([1, 7, 1_000_000])('whatever pieces of %i bytes it comes in', async (size) => {
    const world = await createWorld()
    const { info, created } = await world.archives.import(
      inPieces(archiveOf({ session: { title: 'x', metadata: { a: 'b' } } }), size),
    )
    expect(created).toBe(true)
    expect(info).toMatchObject({
      id: 'there',
      title: 'x',
      metadata: { a: 'b' },
      status: 'idle',
      sdkSessionId: SDK_ID,
    })
    expect((await eventsOf(world, 'there')).map(({ type, seq }) => [seq, type])).toEqual([
      [1, 'user_message'],
      [2, 'agent_started'],
      [3, 'sdk_message'],
      [4, 'prompt_ended'],
      [5, 'copied'],
    ])
  })

  test('with its transcript where the CLI looks for it, in this workspace, without what belongs to one process', async () => {
    const world = await createWorld()
    await take(world, { files: { 'subagents/agent-a1.jsonl': '{}\n', 'tool-results/b.txt': 'much' } })
    const files = await world.home()
    const name = `/.claude/projects/${world.workspace.replaceAll(/[^a-zA-Z0-9]/g, '-')}/${SDK_ID}`
    expect(Object.keys(files).sort()).toEqual([
      `${name}.jsonl`,
      `${name}/subagents/agent-a1.jsonl`,
      `${name}/tool-results/b.txt`,
    ])
    const lines = files[`${name}.jsonl`]!.trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines.map(({ type }) => type)).toEqual(['user', 'assistant', 'last-prompt'])
    expect(lines[0]).toMatchObject({ cwd: world.workspace, sessionId: SDK_ID })
  })

  test('once: again under the same id it is there already; under another id it has a conversation of its own', async () => {
    const world = await createWorld()
    await take(world, {})
    expect(await take(world, {})).toMatchObject({ created: false, info: { id: 'there' } })
    const { info } = await take(world, {}, 'elsewhere')
    expect(info.id).toBe('elsewhere')
    expect(info.sdkSessionId).not.toBe(SDK_ID)
    const files = Object.entries(await world.home())
    expect(files).toHaveLength(2)
    expect(files.find(([path]) => path.includes(info.sdkSessionId!))![1]).toContain(
      `"sessionId":"${info.sdkSessionId}"`,
    )
  })

  test('with options that lack their secrets as credentials_required, until its creation is repeated with them', async () => {
    const world = await createWorld()
    const { info } = await take(world, { session: { options: { model: 'm', env: { TOKEN: '[redacted]' } } } })
    expect(info).toMatchObject({ status: 'credentials_required', options: { env: { TOKEN: '[redacted]' } } })
    const options = { model: 'm', env: { TOKEN: 'the-secret' } }
    await world.sessions.create({ id: 'there', options })
    expect((await world.sessions.info('there')).status).toBe('idle')
  })

  test('with calls that its agents are told again, but for those whose secrets are not in it', async () => {
    const world = await createWorld()
    const calls = [
      { key: 'setModel', method: 'setModel', args: ['claude-x'] },
      {
        key: 'mcp',
        method: 'setMcpServers',
        args: [{ a: { type: 'http', url: 'http://a', headers: { b: '[redacted]' } } }],
      },
    ]
    await take(world, { header: { calls } })
    const events = await eventsOf(world, 'there')
    expect(events.slice(5)).toMatchObject([
      { type: 'call_made', method: 'setModel', args: ['claude-x'] },
      { type: 'error', code: 'call_failed' },
    ])
    expect([...(await world.sessions.open('there')).state.calls.keys()]).toEqual(['setModel[]'])
  })

  test('with a prompt that waited: it is cancelled here', async () => {
    const world = await createWorld()
    const waiting = [
      prompted('u1'),
      started(SDK_ID),
      prompted('u2'),
      spoke('m1'),
      promptEnded('u1', 'completed'),
    ]
    await take(world, { events: waiting })
    const session = await world.sessions.open('there')
    await session.feed.settled()
    expect((await eventsOf(world, 'there')).at(-1)).toMatchObject({
      type: 'prompt_ended',
      uuid: 'u2',
      outcome: 'cancelled',
    })
  })

  test('whose oldest events were dropped, under their numbers', async () => {
    const world = await createWorld()
    const { info } = await take(world, { firstSeq: 5001 })
    expect(info).toMatchObject({ firstSeq: 5001, lastSeq: 5005 })
  })

  test('of several sections, as a mirror has them; a later one may write the transcript anew', async () => {
    const world = await createWorld()
    const second = [prompted('u2'), promptEnded('u2', 'completed')]
    const added = { type: 'user', uuid: 'u2', parentUuid: 'm1', sessionId: SDK_ID }
    const rest = { header: { transcript: { sdkSessionId: SDK_ID, from: 100, to: 200 } }, firstSeq: 5 }
    const anew = {
      header: { transcript: { sdkSessionId: SDK_ID, from: 0, to: 50 } },
      firstSeq: 7,
      events: [],
    }
    const both = Buffer.concat([
      archiveOf(),
      archiveOf({ ...rest, events: second, transcript: [added], session: { title: 'later' } }),
    ])
    expect((await world.archives.import(inPieces(both, 500))).info).toMatchObject({
      title: 'later',
      lastSeq: 7,
    })
    expect(Object.values(await world.home())[0]!.split('\n')).toHaveLength(5)
    const all = Buffer.concat([both, archiveOf({ ...anew, transcript: TRANSCRIPT.slice(0, 1) })])
    await world.archives.import(inPieces(all, 500), 'anew')
    expect(
      Object.values(await world.home())
        .map((text) => text.split('\n').length)
        .sort(),
    ).toEqual([2, 5])
    const torn = Buffer.concat([archiveOf(), archiveOf({ ...rest, firstSeq: 6, events: second })])
    await expect(world.archives.import(inPieces(torn, 500), 'torn')).rejects.toThrow(/5 to 5 are missing/)
  })
})

const LONG = 'x'.repeat(3 * 1024 * 1024)

/** What a stranger might send, and what is said of it. */
const HOSTILE: [string, Buffer | ArchiveSetup, string, RegExp][] = [
  ['nothing', Buffer.alloc(0), 'invalid_archive', /empty/],
  ['something else', Buffer.from('PK\u0003\u0004 not this\n'), 'invalid_archive', /not JSON/],
  ['other JSON', Buffer.from('{"a":1}\n'), 'invalid_archive', /does not begin/],
  ['a line without end', Buffer.from('{'.repeat(3_000_000)), 'invalid_archive', /2097152 bytes/],
  ['a later version', { header: { version: 2 } }, 'invalid_archive', /version 2/],
  ['a header of wrong fields', { session: { interactive: 'yes' } }, 'invalid_archive', /session.interactive/],
  ['a wrong checksum', { end: '{"end":true,"sha256":"00"}\n' }, 'invalid_archive', /checksum/],
  ['no end', { end: '' }, 'invalid_archive', /ends too early/],
  ['a part that is none', { end: '{"part":"boot","bytes":3}\nabc' }, 'invalid_archive', /part that is none/],
  ['a part that is cut off', { end: '{"part":"log","bytes":1000}\nabc' }, 'invalid_archive', /within a part/],
  [
    'a number of bytes that is none',
    { end: '{"part":"log","bytes":-1}\n' },
    'invalid_archive',
    /part that is none/,
  ],
  ['an id that is a path', { session: { id: '../../etc' } }, 'invalid_archive', /id of its session/],
  ['a hidden id', { session: { id: '.deleted' } }, 'invalid_archive', /id of its session/],
  [
    'a conversation that is a path',
    { header: { transcript: { sdkSessionId: '../../x', from: 0, to: 1 } } },
    'invalid_archive',
    /transcript.sdkSessionId/,
  ],
  ['a file outside', { files: { '../../.bashrc': 'x' } }, 'invalid_archive', /name that is none/],
  ['a file elsewhere', { files: { 'subagents/../../x': 'x' } }, 'invalid_archive', /name that is none/],
  ['an absolute file', { files: { '/etc/passwd': 'x' } }, 'invalid_archive', /name that is none/],
  ['a hidden file', { files: { 'subagents/.x': 'x' } }, 'invalid_archive', /name that is none/],
  [
    'events that are no JSON',
    { events: [{ type: 'info' }], header: { log: { id: 'l', first: 2, last: 2 } } },
    'invalid_archive',
    /no event 2/,
  ],
  [
    'fewer events than it says',
    { header: { log: { id: 'l', first: 1, last: 9 } } },
    'invalid_archive',
    /end with 4/,
  ],
  [
    'an event without its fields',
    { events: [{ type: 'user_message', uuid: 'x' }] },
    'invalid_archive',
    /'data'/,
  ],
  [
    'an event with a wrong field',
    { events: [{ type: 'status', status: 'rich' }] },
    'invalid_archive',
    /'status'/,
  ],
  ['a transcript that is no JSON', { transcript: ['nope'] }, 'invalid_archive', /no entry/],
  ['a transcript of no objects', { transcript: ['[1]'] }, 'invalid_archive', /no entry/],
  [
    'a transcript that its header does not tell of',
    { header: { transcript: undefined } },
    'invalid_archive',
    /does not tell of/,
  ],
  ['options that may not be set', { session: { options: { cwd: '/' } } }, 'option_refused', /cwd/],
  [
    'settings that run a program',
    { session: { options: { settings: { apiKeyHelper: 'sh' } } } },
    'option_refused',
    /apiKeyHelper/,
  ],
  [
    'a call that may not be made',
    { header: { calls: [{ key: 'k', method: 'applyFlagSettings', args: [{ apiKeyHelper: 'sh' }] }] } },
    'option_refused',
    /apiKeyHelper/,
  ],
  [
    'a call that is none',
    { header: { calls: [{ key: 'k', method: 'constructor', args: [] }] } },
    'call_refused',
    /constructor/,
  ],
  [
    'a call that would be made again by each process, and is none that lasts',
    { header: { calls: [{ key: 'k', method: 'rewindFiles', args: ['u1'] }] } },
    'invalid_archive',
    /rewindFiles/,
  ],
  [
    'an id of an event that is longer than any',
    { events: [prompted(LONG, 'hello')] },
    'invalid_archive',
    /'uuid'/,
  ],
  [
    'a conversation that is no text',
    { events: [{ type: 'sdk_message', data: { type: 'system', subtype: 'init', session_id: [LONG] } }] },
    'invalid_archive',
    /'data.session_id'/,
  ],
  [
    'more metadata than a session may have',
    { session: { metadata: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, ''])) } },
    'invalid_archive',
    /session.metadata/,
  ],
  ['a title over the limit', { session: { title: LONG.slice(0, 1000) } }, 'invalid_archive', /session.title/],
]

describe('of a hostile archive', () => {
  test.each(HOSTILE)('%s is refused, and nothing of it stays', async (_name, given, code, words) => {
    const world = await createWorld()
    const bytes = Buffer.isBuffer(given) ? given : archiveOf(given)
    const error = await world.archives.import(inPieces(bytes, 64 * 1024)).catch((refused: Error) => refused)
    expect(error).toMatchObject({ code, message: expect.stringMatching(words) as string })
    expect(await world.stored()).toEqual([])
    expect(await world.home()).toEqual({})
    expect(world.sessions.list.ids).toEqual([])
  })

  test('options that it sets in its events do not count, and secrets in its options are not written', async () => {
    const world = await createWorld()
    const sets = { type: 'session_updated', options: { settings: { apiKeyHelper: 'sh' } } }
    await take(world, { events: [sets], session: { options: { env: { KEY: 'sk-very-secret' } } } })
    const { info } = { info: await world.sessions.info('there') }
    expect(info.options).toEqual({ env: { KEY: '[redacted]' } })
    expect(JSON.stringify(await world.sessions.open('there').then(({ record }) => record))).not.toContain(
      'sk-very-secret',
    )
    await world.sessions.close()
    const again = await createWorld(world.folder)
    expect((await again.sessions.info('there')).options).toEqual({ env: { KEY: '[redacted]' } })
  })

  test('conversations of others that it names are not its own: they are not removed with it', async () => {
    const world = await createWorld()
    const other = '11111111-2222-4333-8444-555555555555'
    await take(world, { events: [started(other)], transcript: null })
    const projects = join(world.folder, 'home/.claude/projects/x')
    await mkdir(projects, { recursive: true })
    await writeFile(join(projects, `${other}.jsonl`), '{}\n')
    await world.sessions.delete('there')
    expect(Object.keys(await world.home())).toEqual([`/.claude/projects/x/${other}.jsonl`])
  })

  test('conversations of others that it names are not copied with it, wherever that is cut', async () => {
    const world = await createWorld()
    const other = '11111111-2222-4333-8444-555555555555'
    const projects = join(world.folder, 'home/.claude/projects/x')
    await mkdir(projects, { recursive: true })
    const secret = { ...TRANSCRIPT[0], uuid: 'o1', message: { role: 'user', content: 'a secret of others' } }
    await writeFile(join(projects, `${other}.jsonl`), `${JSON.stringify(secret)}\n`)
    const copied = { type: 'copied', source: 'session', from: 'x', sdkSessionId: other, usage: NO_USAGE }
    for (const [id, first] of [
      ['one', started(other)],
      ['two', copied],
    ] as const) {
      await take(world, { events: [prompted('u1', 'hello'), first, promptEnded('u1', 'completed')] }, id)
      const { info } = await world.archives.fork(id, { at: 3 })
      expect(info.sdkSessionId).not.toBe(other)
      const files = Object.entries(await world.home()).filter(([path]) => path.includes(info.sdkSessionId!))
      expect(JSON.stringify(files)).not.toContain('a secret of others')
    }
  })

  test('a transcript that is there already is not written over', async () => {
    const folder = await temporaryFolder()
    const world = await createWorld(folder)
    await take(world, {}, 'first')
    const before = await world.home()
    await take(world, { transcript: TRANSCRIPT.slice(0, 1) }, 'second')
    expect(await world.home()).toMatchObject(before)
  })
})

test(
  'an archive of 30 MB is taken in and given out again with a few MB in memory',
  { timeout: 120_000 },
  async () => {
    const world = await createWorld()
    const text = 'x'.repeat(20_000)
    const events = Array.from({ length: 1500 }, () => ({ type: 'info', data: text }))
    const archive = archiveOf({ events })
    const before = heldBytes()
    let most = 0
    async function* watched(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      let passed = 0
      for await (const piece of bytes) {
        yield piece
        passed += piece.length
        if (passed < 10_000_000) continue
        passed = 0
        most = Math.max(most, heldBytes() - before)
      }
    }
    await world.archives.import(watched(inPieces(archive, 64 * 1024)))
    expect(most).toBeLessThan(8_000_000)
    most = 0
    let size = 0
    for await (const { length } of watched((await world.archives.export('there')).bytes)) size += length
    expect(size).toBeGreaterThan(archive.length - 1000)
    expect(most).toBeLessThan(8_000_000)
  },
)
