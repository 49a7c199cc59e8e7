import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Respond } from 'scripted-claude'
import { signal } from '../../support/processes.ts'
import { pause, until } from '../../support/until.ts'
import { requestsWith, userTexts } from '../support/model.ts'
import { Peer } from '../support/peer.ts'
import { crash, describe, expect, restart, setStage, test } from '../support/shared.ts'

/** All that the model was given as the user's in the request that holds a text. */
function textsWith(stage: Parameters<typeof crash>[1], text: string): string[] {
  return userTexts(requestsWith(stage.claude, text).at(-1)!.body)
}

describe('kill -9 of the server', () => {
  test('with prompts in line: the running one is interrupted, the others run unasked after the restart, each exactly once', async ({
    world,
  }) => {
    let stage = await setStage(world)
    const peer = await Peer.create(world, stage.server, { id: 'line' })
    expect(await peer.run('remember the line')).toBe('completed')
    const before = (await peer.info()).usage
    const running = await peer.send('hang: for ever')
    const waiting = [await peer.send('in line one'), await peer.send('in line two')]
    await until('the model is asked', () => requestsWith(stage.claude, 'hang: for ever').length > 0)
    const seen = peer.events.length
    stage = await crash(world, stage)
    await until('all were asked, unasked', () => requestsWith(stage.claude, 'in line two').length > 0)
    const next = await Peer.attach(world, stage.server, 'line')
    expect(await next.ended(running)).toBe('interrupted')
    for (const uuid of waiting) expect(await next.ended(uuid)).toBe('completed')
    const said = ['remember the line', 'hang: for ever', 'in line one', 'in line two']
    expect(textsWith(stage, 'in line two').filter((text) => said.includes(text))).toEqual(said)
    expect(next.events.slice(0, seen)).toEqual(peer.events.slice(0, seen))
    expect(next.events.map(({ seq }) => seq)).toEqual(next.events.map((_, index) => index + 1))
    const { status, usage } = await next.status('idle')
    expect(status).toBe('idle')
    expect(next.statuses.at(-1)).toBe('idle')
    expect(usage.turns).toBe(4)
    expect(usage.inputTokens).toBeGreaterThan(before.inputTokens)

    // What was acknowledged before the crash is known after it.
    const [known] = peer.of('user_message')
    const again = { type: 'user', uuid: known!.uuid, message: { role: 'user', content: 'remember the line' } }
    expect(await next.call({ type: 'user_message', data: again })).toMatchObject({ seq: known!.seq })
    const other = { ...again, message: { role: 'user', content: 'something else' } }
    expect(await next.call({ type: 'user_message', data: other })).toMatchObject({ code: 'uuid_conflict' })
    expect(await next.run('the last')).toBe('completed')
    expect(textsWith(stage, 'the last').filter((text) => text === 'remember the line')).toHaveLength(1)
  })

  test('whatever was acknowledged in that moment has one end and stands in the conversation exactly once', async ({
    world,
  }) => {
    let stage = await setStage(world)
    const peer = await Peer.create(world, stage.server, { id: 'moments' })
    expect(await peer.run('moment zero')).toBe('completed')
    const said = ['moment zero']
    for (const [index, wait] of [0, 60, 250].entries()) {
      const current = index === 0 ? peer : await Peer.attach(world, stage.server, 'moments')
      const uuid = await current.send(`moment of ${wait} ms`)
      said.push(`moment of ${wait} ms`)
      await pause(wait)
      stage = await crash(world, stage)
      const next = await Peer.attach(world, stage.server, 'moments')
      expect(['completed', 'interrupted']).toContain(await next.ended(uuid))
    }
    const last = await Peer.attach(world, stage.server, 'moments')
    expect(await last.run('moment of truth')).toBe('completed')
    said.push('moment of truth')
    expect(textsWith(stage, 'moment of truth').filter((text) => said.includes(text))).toEqual(said)
    expect(last.of('error').filter(({ code }) => code !== 'history_lost')).toEqual([])
  })

  test('What the agent said and the log lacks after a crash is read from the transcript and logged, `recovered: true`, before the session goes on', async ({
    world,
  }) => {
    let stage = await setStage(world)
    const { server } = stage
    const peer = await Peer.create(world, server, { id: 'recovered' })
    const uuid = await peer.send('bash: touch started; sleep 5; echo the result')
    await until('the tool runs', async () => (await readdir(server.workspace)).includes('started'))
    // It stands still: what its agent does now, it cannot write down.
    signal(server.pid, 'SIGSTOP')
    await until('the transcript has the result', async () =>
      (await transcripts(server.home)).includes('"the result"'),
    )
    expect(JSON.stringify(peer.events)).not.toContain('"the result"')
    stage = await crash(world, stage)
    const next = await Peer.attach(world, stage.server, 'recovered')
    expect(await next.ended(uuid)).toBe('interrupted')
    const recovered = next.of('sdk_message').filter((event) => event.recovered)
    expect(recovered.map(({ data }) => data.type)).toContain('user')
    expect(JSON.stringify(recovered)).toContain('the result')
    const uuids = next.of('sdk_message').flatMap(({ data }) => ('message' in data && data.uuid) || [])
    expect(uuids).toEqual([...new Set(uuids)])
    stage = await crash(world, stage)
    const last = await Peer.attach(world, stage.server, 'recovered')
    expect(last.of('sdk_message').filter((event) => event.recovered)).toHaveLength(recovered.length)
    expect(await last.run('what was it?')).toBe('completed')
    expect(JSON.stringify(requestsWith(stage.claude, 'what was it?').at(-1)!.body.messages)).toContain(
      'the result',
    )
  })
})

test('SIGTERM of the server in the middle of a turn: the turn is interrupted, its log is whole, and the next start goes on', async ({
  world,
}) => {
  let stage = await setStage(world)
  const peer = await Peer.create(world, stage.server, { id: 'stopped' })
  const running = await peer.send('bash: echo half a result; sleep 30')
  const waiting = await peer.send('waits for the next start')
  await until('the tool is called', () => JSON.stringify(peer.events).includes('"name":"Bash"'))
  stage.server.kill('SIGTERM')
  await until('the client is told', () => peer.closed !== undefined)
  expect(peer.closed).toBe(1012)
  await stage.server.program.ended
  await stage.server.cleared(1000)
  stage = await restart(world, stage)
  const next = await Peer.attach(world, stage.server, 'stopped')
  expect(await next.ended(running)).toBe('interrupted')
  expect(await next.ended(waiting)).toBe('completed')
  expect(next.events.slice(0, peer.events.length)).toEqual(peer.events)
  expect(next.of('agent_exited')).toMatchObject([{ reason: 'shutdown' }])
  expect(next.of('sdk_message').filter(({ data }) => data.type === 'assistant').length).toBeGreaterThan(0)
  await next.status('idle')
  expect(next.statuses.at(-1)).toBe('idle')
})

test('the CLI has written a prompt to its transcript when the model hears of it', async ({ world }) => {
  const folder = await world.folder()
  const home = join(folder, 'home')
  const found: boolean[] = []
  const fallback: Respond = async ({ lastUserText }) => {
    // On this the server relies to tell, after a crash, whether a prompt has entered the conversation.
    const lines = (await transcripts(home)).split('\n').filter((line) => line.includes(lastUserText))
    found.push(lines.some((line) => line.includes('"type":"user"') && line.includes(`"uuid":"${uuid}"`)))
    return [{ text: 'noted' }]
  }
  const claude = await world.claude({ script: { rules: [], fallback } })
  const server = await world.server({ upstream: claude.url, folder })
  const peer = await Peer.create(world, server)
  let uuid = ''
  for (const number of [1, 2, 3]) {
    uuid = randomUUID()
    expect(await peer.run(`flush ${number}`, { uuid })).toBe('completed')
  }
  expect(found).toEqual([true, true, true])
})

/** The text of all transcripts in a home. */
async function transcripts(home: string): Promise<string> {
  const projects = join(home, '.claude/projects')
  const names = await readdir(projects, { recursive: true }).catch((): string[] => [])
  const texts = names
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => readFile(join(projects, name), 'utf8').catch(() => ''))
  return (await Promise.all(texts)).join('\n')
}
