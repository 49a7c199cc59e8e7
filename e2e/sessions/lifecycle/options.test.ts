import type { SessionInfo } from '@claude-agent/protocol'
import { filesWith } from '../../support/folder.ts'
import { signal } from '../../support/processes.ts'
import { until } from '../../support/until.ts'
import { agentOf } from '../support/agents.ts'
import { requestsWith, userTexts } from '../support/model.ts'
import { http, Peer } from '../support/peer.ts'
import { crash, describe, expect, setStage, test, type Stage } from '../support/shared.ts'

function systemAt({ claude }: Stage, text: string): string {
  return JSON.stringify(requestsWith(claude, text).at(-1)!.body.system)
}

describe('options that are changed by PATCH', () => {
  test('apply from the next turn on, with the same conversation, and leave the running turn alone', async ({
    world,
    stage,
  }) => {
    const peer = await Peer.create(world, stage.server, { options: { systemPrompt: 'You are a pirate.' } })
    const running = await peer.send('brief: before the change')
    await until('it runs', () => requestsWith(stage.claude, 'before the change').length > 0)
    const patched = await peer.http('PATCH', '', {
      options: { systemPrompt: 'You are a monk.' },
    })
    expect(patched).toMatchObject({ status: 200, body: { options: { systemPrompt: 'You are a monk.' } } })
    expect(await peer.ended(running)).toBe('completed')
    expect(systemAt(stage, 'before the change')).toContain('pirate')
    expect(await peer.run('after the change')).toBe('completed')
    expect(systemAt(stage, 'after the change')).toContain('monk')
    expect(systemAt(stage, 'after the change')).not.toContain('pirate')
    expect(userTexts(requestsWith(stage.claude, 'after the change').at(-1)!.body)).toContain(
      'brief: before the change',
    )
    expect(peer.of('agent_exited')).toMatchObject([{ reason: 'options' }])
    expect(peer.of('session_updated')).toMatchObject([{ options: { systemPrompt: 'You are a monk.' } }])
  })

  test('apply as well when the server was killed in the first turn', async ({ world }) => {
    let stage = await setStage(world)
    const options = { systemPrompt: 'You are a pirate.' }
    const peer = await Peer.create(world, stage.server, { id: 'pirate', options })
    const first = await peer.send('hang: in the first turn')
    await until('it runs', () => requestsWith(stage.claude, 'in the first turn').length > 0)
    stage = await crash(world, stage)
    const next = await Peer.attach(world, stage.server, 'pirate')
    await next.http('PATCH', '', { options: { systemPrompt: 'You are a monk.' } })
    expect(await next.ended(first)).toBe('interrupted')
    expect(await next.run('after the first turn')).toBe('completed')
    expect(systemAt(stage, 'after the first turn')).toContain('monk')
    expect(systemAt(stage, 'after the first turn')).not.toContain('pirate')
  })

  test('are refused as a whole where one may not be set, and nothing changes', async ({ world, stage }) => {
    const peer = await Peer.create(world, stage.server, {
      options: { systemPrompt: 'Stay.' },
      title: 'Before',
    })
    for (const options of [
      { resume: 'x' },
      { cwd: '/' },
      { systemPrompt: 7 },
      { env: { LD_PRELOAD: '/x.so' } },
    ]) {
      const refused = await peer.http('PATCH', '', { title: 'After', options })
      expect(refused, JSON.stringify(options)).toMatchObject({ status: 400 })
    }
    expect(await peer.info()).toMatchObject({ title: 'Before', options: { systemPrompt: 'Stay.' } })
    expect(peer.of('session_updated')).toEqual([])
  })
})

test('creation is safe to repeat with the same options, and refused with others', async ({ stage }) => {
  const create = async (
    systemPrompt: string,
  ): Promise<{ status: number; body: SessionInfo & { code?: string } }> =>
    await http(stage.server, 'POST', '/sessions', { id: 'repeated', options: { systemPrompt } })
  const both = await Promise.all([create('one'), create('one')])
  expect(both.map(({ status }) => status).sort()).toEqual([200, 201])
  expect(both[0].body.log).toBe(both[1].body.log)
  expect(await create('two')).toMatchObject({ status: 409, body: { code: 'session_conflict' } })
})

describe('options with secrets', () => {
  test('are lost with the server: prompts wait until the creation is repeated, then they run; no secret is on the disk', async ({
    world,
  }) => {
    let stage = await setStage(world)
    const secrets = ['key-0f5ae1', 'env-77ab12', 'header-99cd34']
    const options = {
      anthropicApiKey: secrets[0],
      env: { SHOP_TOKEN: secrets[1] },
      mcpServers: {
        shop: { type: 'http', url: 'http://127.0.0.1:9/', headers: { authorization: secrets[2] } },
      },
    }
    const peer = await Peer.create(world, stage.server, { id: 'secretive', options: options as never })
    expect(await peer.run('bash: echo "the token ends in ${SHOP_TOKEN: -3}"')).toBe('completed')
    expect(peer.results.at(-1)).toContain('the token ends in b12')
    const running = await peer.send('hang: with secrets')
    const waiting = await peer.send('needs the secrets')
    await until('it runs', () => requestsWith(stage.claude, 'with secrets').length > 0)
    expect(requestsWith(stage.claude, 'with secrets').at(-1)!.headers['x-api-key']).toBe(secrets[0])
    stage = await crash(world, stage)
    const next = await Peer.attach(world, stage.server, 'secretive')
    expect(await next.ended(running)).toBe('interrupted')
    expect(await next.status('credentials_required')).toMatchObject({ queuedPrompts: 1 })
    const refused = { type: 'user', message: { role: 'user', content: 'not now' } }
    expect(await next.call({ type: 'user_message', data: refused })).toMatchObject({
      code: 'credentials_required',
    })
    const other = { id: 'secretive', options: { ...options, systemPrompt: 'another' } }
    expect(await http(stage.server, 'POST', '/sessions', other)).toMatchObject({ status: 409 })
    const again = await http(stage.server, 'POST', '/sessions', { id: 'secretive', options })
    expect(again.status).toBe(200)
    for (const secret of secrets) expect(again.text).not.toContain(secret)
    expect(await next.ended(waiting)).toBe('completed')
    expect(requestsWith(stage.claude, 'needs the secrets').at(-1)!.headers['x-api-key']).toBe(secrets[0])
    expect(next.statuses).toContain('credentials_required')
    await next.status('idle')
    const { server } = stage
    for (const secret of secrets) {
      for (const folder of [server.dataDir, server.home]) expect(await filesWith(folder, secret)).toEqual([])
      expect(server.logs()).not.toContain(secret)
      expect(JSON.stringify([...peer.frames, ...next.frames])).not.toContain(secret)
    }
  })

  test('of a session that has nothing to do are asked for as well after a restart, before it is opened', async ({
    world,
  }) => {
    let stage = await setStage(world)
    const create = { id: 'quiet', options: { anthropicApiKey: 'key-quiet' } }
    const peer = await Peer.create(world, stage.server, create)
    await peer.run('say it quietly')
    await new Promise((go) => setTimeout(go, 800))
    stage = await crash(world, stage)
    expect((await http(stage.server, 'GET', '/sessions/quiet')).body.status).toBe('credentials_required')
    const next = await Peer.attach(world, stage.server, 'quiet')
    expect(next.greeting.session.status).toBe('credentials_required')
    await http(stage.server, 'POST', '/sessions', create)
    expect((await next.status('idle')).usage.turns).toBe(1)
    expect(await next.run('say it again')).toBe('completed')
    expect(userTexts(requestsWith(stage.claude, 'say it again').at(-1)!.body)).toContain('say it quietly')
    signal((await agentOf(next)).id, 'SIGKILL')
  })
})
