import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { signal } from '../../support/processes.ts'
import { agentOf } from '../support/agents.ts'
import { requestsWith, userTexts } from '../support/model.ts'
import { Peer } from '../support/peer.ts'
import { crash, describe, expect, restart, setStage, test, type Stage } from '../support/shared.ts'

/** A session that has said three things, and has no process any more; with the path of its transcript. */
async function speak(
  world: Parameters<typeof setStage>[0],
  { server }: Stage,
): Promise<{ peer: Peer; path: string }> {
  const peer = await Peer.create(world, server)
  for (const text of ['the first word', 'the second word', 'the third word']) await peer.run(text)
  const { sdkSessionId } = await peer.info()
  const path = await findTranscript(server.home, sdkSessionId!)
  signal((await agentOf(peer)).id, 'SIGKILL')
  await peer.event('agent_exited')
  return { peer, path }
}

async function findTranscript(home: string, id: string): Promise<string> {
  const projects = join(home, '.claude/projects')
  const names = await readdir(projects, { recursive: true })
  return join(
    projects,
    names.find((name) => name.endsWith(`${id}.jsonl`))!,
  )
}

/** Ways to lose what was said: each gives the transcript anew, or nothing to remove it. */
const LOSSES: [string, (text: string, other: string) => string | undefined][] = [
  ['deleted', () => undefined],
  ['emptied', () => ''],
  ['cut before its last turn', (text) => text.slice(0, text.indexOf('the third word'))],
  ['damaged in the middle', (text) => text.replace('"the second word"', '"the sec')],
  ['replaced by another conversation', (_text, other) => other],
]

describe('A conversation is resumed only when the transcript holds what the session knows; else the session says `history_lost`: one that was', () => {
  test.for(LOSSES)(
    '%s between two turns: history_lost is said before the session goes on',
    async ([name, damage], { world, stage }) => {
      const { peer, path } = await speak(world, stage)
      const other = name.startsWith('replaced') ? (await speak(world, stage)).path : path
      const text = damage(await readFile(path, 'utf8'), await readFile(other, 'utf8'))
      if (text === undefined) await rm(path)
      else await writeFile(path, text)
      expect(await peer.run(`after it was ${name}`)).toBe('completed')
      expect(peer.of('error')).toMatchObject([{ code: 'history_lost' }])
      expect(peer.of('agent_started').at(-1)).toMatchObject({ resumed: false })
      expect(userTexts(requestsWith(stage.claude, `after it was ${name}`).at(-1)!.body)).not.toContain(
        'the first word',
      )
      expect(await peer.run(`and again after it was ${name}`)).toBe('completed')
      expect(peer.of('error')).toHaveLength(1)
    },
  )

  test('torn in its last line, as by a crash, is resumed: nothing that was relied upon is lost', async ({
    world,
    stage,
  }) => {
    const { peer, path } = await speak(world, stage)
    await writeFile(path, `${await readFile(path, 'utf8')}{"type":"user","uui`)
    expect(await peer.run('after the tear')).toBe('completed')
    expect(peer.of('error')).toEqual([])
    expect(userTexts(requestsWith(stage.claude, 'after the tear').at(-1)!.body)).toContain('the first word')
  })
})

test('what was cleared does not come back, neither after the death of the agent nor after that of the server', async ({
  world,
}) => {
  let stage = await setStage(world)
  const peer = await Peer.create(world, stage.server, { id: 'cleared' })
  await peer.run('a secret to forget')
  const { sdkSessionId } = await peer.info()
  expect(await peer.run('/clear')).toBe('completed')
  expect((await peer.info()).sdkSessionId).not.toBe(sdkSessionId)
  stage = await crash(world, stage)
  let next = await Peer.attach(world, stage.server, 'cleared')
  expect(await next.run('what do you know?')).toBe('completed')
  expect(
    requestsWith(stage.claude, 'what do you know?').filter(({ body }) =>
      JSON.stringify(body).includes('a secret to forget'),
    ),
  ).toEqual([])
  stage.server.kill('SIGTERM')
  stage = await restart(world, stage)
  next = await Peer.attach(world, stage.server, 'cleared')
  expect(await next.run('and now?')).toBe('completed')
  const texts = userTexts(requestsWith(stage.claude, 'and now?').at(-1)!.body)
  expect(texts).toContain('what do you know?')
  expect(texts).not.toContain('a secret to forget')
  expect(next.of('error')).toEqual([])
})

test('what was compacted is resumed as the summary that the agent has', async ({ world, stage }) => {
  const { claude, server } = stage
  const peer = await Peer.create(world, server)
  await peer.run('long ago')
  expect(await peer.run('/compact')).toBe('completed')
  await peer.run('since then')
  signal((await agentOf(peer)).id, 'SIGKILL')
  await peer.event('agent_exited')
  expect(await peer.run('after the compaction')).toBe('completed')
  expect(peer.of('error')).toEqual([])
  expect(userTexts(requestsWith(claude, 'after the compaction').at(-1)!.body)).toContain('since then')
})
