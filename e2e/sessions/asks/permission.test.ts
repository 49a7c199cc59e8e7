import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { signal } from '../../support/processes.ts'
import { until } from '../../support/until.ts'
import { agentOf } from '../support/agents.ts'
import { heard, requestsWith } from '../support/model.ts'
import { http, Peer } from '../support/peer.ts'
import { describe, expect, test } from '../support/shared.ts'

const ASKING = { options: { permissionMode: 'default' } } as const
const ALLOW = { behavior: 'allow' }

describe('a tool that needs a permission', () => {
  test('is asked for, waits for the answer, and runs when it is allowed', async ({ world, stage }) => {
    const { server } = stage
    const peer = await Peer.create(world, server, ASKING)
    const uuid = await peer.send('write: allowed.txt')
    const asked = await peer.event('ask')
    expect(asked).toMatchObject({
      kind: 'can_use_tool',
      data: { toolName: 'Write', input: { content: 'written' }, toolUseID: expect.any(String) as string },
    })
    expect(asked).not.toHaveProperty('deferred')
    expect(await peer.info()).toMatchObject({ status: 'requires_action', asks: [{ ask: asked.ask }] })
    expect(existsSync(join(server.workspace, 'allowed.txt'))).toBe(false)
    const answered = await peer.answer(asked.ask, ALLOW)
    expect(answered).toEqual({ ask: asked.ask, outcome: 'answered', by: 'ada', seq: expect.any(Number) })
    expect(await peer.ended(uuid)).toBe('completed')
    expect(await readFile(join(server.workspace, 'allowed.txt'), 'utf8')).toBe('written')
    expect(await peer.status('idle')).toMatchObject({ asks: [] })
    expect(peer.of('ask_settled')).toEqual([
      expect.objectContaining({ ask: asked.ask, outcome: 'answered', by: 'ada', seq: answered['seq'] }),
    ])
    expect(peer.statuses).toEqual(['running', 'requires_action', 'running', 'idle'])
  })

  test('runs with the input that the answer gives, or not at all with the reason that it gives', async ({
    world,
    stage,
  }) => {
    const { server } = stage
    const peer = await Peer.create(world, server, ASKING)
    const other = await peer.send('write: refused.txt')
    const first = await peer.openAsk()
    await peer.call({ type: 'answer', ask: first.ask, error: 'Not on a Monday.' })
    expect(await peer.ended(other)).toBe('completed')
    expect(peer.results.at(-1)).toContain('Not on a Monday.')
    expect(existsSync(join(server.workspace, 'refused.txt'))).toBe(false)
    const uuid = await peer.send('write: old.txt')
    const { ask } = await peer.openAsk()
    const file_path = join(server.workspace, 'new.txt')
    await peer.answer(ask, { ...ALLOW, updatedInput: { file_path, content: 'changed' } })
    expect(await peer.ended(uuid)).toBe('completed')
    expect(await readFile(file_path, 'utf8')).toBe('changed')
    expect(existsSync(join(server.workspace, 'old.txt'))).toBe(false)
  })

  test('is not asked for in a session that is not interactive: the model is told that it was refused', async ({
    world,
    stage,
  }) => {
    const peer = await Peer.create(world, stage.server, { ...ASKING, interactive: false })
    expect(await peer.run('write: never.txt')).toBe('completed')
    expect(await peer.run('ask: Never?')).toBe('completed')
    expect(existsSync(join(stage.server.workspace, 'never.txt'))).toBe(false)
    expect(peer.of('ask')).toEqual([])
  })
})

describe('an answer that updates permissions', () => {
  test('counts for the tools after it: what was suggested is not asked for again', async ({
    world,
    stage,
  }) => {
    const peer = await Peer.create(world, stage.server, ASKING)
    const first = await peer.send('write: suggested-1.txt')
    const { ask, data } = await peer.openAsk()
    const { suggestions } = data as { suggestions: object[] }
    expect(suggestions.length).toBeGreaterThan(0)
    await peer.answer(ask, { ...ALLOW, updatedPermissions: suggestions })
    expect(await peer.ended(first)).toBe('completed')
    expect(await peer.run('write: suggested-2.txt')).toBe('completed')
    expect(existsSync(join(stage.server.workspace, 'suggested-2.txt'))).toBe(true)
    expect(peer.of('ask')).toHaveLength(1)
  })
})

describe('a session that is interactive for some kinds of asks', () => {
  test(
    'decides on the others as the SDK does without their callbacks',
    { timeout: 60_000 },
    async ({ world, stage }) => {
      const peer = await Peer.create(world, stage.server, { ...ASKING, interactive: ['elicitation'] })
      expect((await peer.info()).interactive).toEqual(['elicitation'])
      expect(await peer.run('write: of-no-one.txt')).toBe('completed')
      expect(existsSync(join(stage.server.workspace, 'of-no-one.txt'))).toBe(false)
      expect(peer.of('ask')).toEqual([])
      const other = await Peer.create(world, stage.server, { ...ASKING, interactive: ['can_use_tool'] })
      const uuid = await other.send('write: of-some-one.txt')
      await other.answer((await other.openAsk()).ask, ALLOW)
      expect(await other.ended(uuid)).toBe('completed')
    },
  )
})

describe('An ask goes to every client; the first answer counts, and the others are told by whom', () => {
  test('of several answers, over sockets and HTTP', async ({ world, stage }) => {
    const { server } = stage
    const peer = await Peer.create(world, server, ASKING)
    const bob = await Peer.attach(world, server, peer.id, { name: 'bob' })
    const uuid = await peer.send('write: once.txt')
    const { ask } = await peer.openAsk()
    const answers = await Promise.all([
      peer.answer(ask, ALLOW),
      bob.answer(ask, ALLOW),
      http(server, 'POST', `/sessions/${peer.id}/asks/${ask}`, {
        result: ALLOW,
        by: 'cron',
      }).then(({ status, body }) => ({ ...body, status })),
    ])
    const winners = answers.filter((answer) => 'outcome' in answer)
    expect(winners).toHaveLength(1)
    const { by } = winners[0] as { by: string }
    for (const loser of answers.filter((answer) => !('outcome' in answer)))
      expect(loser).toMatchObject({
        code: 'already_settled',
        error: expect.stringContaining(`by ${by}`) as string,
      })
    expect(await peer.ended(uuid)).toBe('completed')
    for (const each of [peer, bob])
      expect(each.of('ask_settled')).toEqual([expect.objectContaining({ ask, outcome: 'answered', by })])
    const late = await peer.http('POST', `/asks/${ask}`, { result: ALLOW })
    expect(late).toMatchObject({ status: 409, body: { code: 'already_settled' } })
  })

  test('an answer that is none is refused, and the ask stays open', async ({ world, stage }) => {
    const peer = await Peer.create(world, stage.server, ASKING)
    const uuid = await peer.send('write: odd.txt')
    const { ask } = await peer.openAsk()
    for (const result of [{ behavior: 'maybe' }, {}, { behavior: 'deny' }, { action: 'accept' }])
      expect(await peer.answer(ask, result), JSON.stringify(result)).toMatchObject({ code: 'invalid_answer' })
    expect(await peer.call({ type: 'answer', ask })).toHaveProperty('code')
    expect(await peer.call({ type: 'answer', ask, result: ALLOW, error: 'both' })).toHaveProperty('code')
    expect(await peer.answer('no-such-ask', ALLOW)).toMatchObject({ code: 'ask_not_found' })
    expect(await peer.http('POST', '/asks/no-such-ask', { result: ALLOW })).toMatchObject({ status: 404 })
    expect((await peer.info()).asks).toMatchObject([{ ask }])
    await peer.answer(ask, { behavior: 'deny', message: 'enough' })
    expect(await peer.ended(uuid)).toBe('completed')
  })
})

test('Open asks are listed at the start of a connection, and survive the loss of every client', async ({
  world,
  stage,
}) => {
  const { server } = stage
  const peer = await Peer.create(world, server, ASKING)
  const uuid = await peer.send('write: kept.txt')
  const { ask } = await peer.openAsk()
  peer.leave()
  await until('the client is gone', () => peer.closed !== undefined)
  const next = await Peer.attach(world, server, peer.id, { name: 'bob', after: 'latest' })
  expect(next.greeting.session).toMatchObject({
    status: 'requires_action',
    asks: [{ ask, kind: 'can_use_tool', data: { toolName: 'Write' }, seq: expect.any(Number) as number }],
  })
  await next.answer(ask, ALLOW)
  expect(await next.ended(uuid)).toBe('completed')
})

test('an ask that nobody answers within askTimeoutMs is declined, and the model reads so', async ({
  world,
  stage,
}) => {
  const peer = await Peer.create(world, stage.server, { ...ASKING, askTimeoutMs: 300 })
  expect(await peer.run('write: late.txt')).toBe('completed')
  expect(peer.of('ask_settled')).toMatchObject([{ outcome: 'timed_out' }])
  expect(peer.results.at(-1)).toContain('Nobody answered within 300 ms')
  const [{ ask } = { ask: '' }] = peer.of('ask')
  expect(await peer.answer(ask, ALLOW)).toMatchObject({
    code: 'already_settled',
    error: expect.stringContaining('timed out') as string,
  })
})

describe('an ask ends with its turn:', () => {
  test('an interrupt cancels it, and the next prompt is answered', async ({ world, stage }) => {
    const peer = await Peer.create(world, stage.server, ASKING)
    const uuid = await peer.send('write: stopped.txt')
    const { ask } = await peer.openAsk()
    peer.interrupt()
    expect(await peer.ended(uuid)).toBe('interrupted')
    expect(await peer.event('ask_settled')).toMatchObject({ ask, outcome: 'cancelled' })
    expect(await peer.answer(ask, ALLOW)).toMatchObject({ code: 'already_settled' })
    await peer.status('idle')
    expect(await peer.run('after the stop')).toBe('completed')
    expect(existsSync(join(stage.server.workspace, 'stopped.txt'))).toBe(false)
  })

  test('it is lost with the agent that dies, and the model is told at its next turn that the tool did not run', async ({
    world,
    stage,
  }) => {
    const { server, claude } = stage
    const peer = await Peer.create(world, server, ASKING)
    const uuid = await peer.send('write: dead.txt')
    const { ask } = await peer.openAsk()
    signal((await agentOf(peer)).id, 'SIGKILL')
    expect(await peer.ended(uuid)).toBe('interrupted')
    expect(await peer.event('ask_settled')).toMatchObject({ ask, outcome: 'lost' })
    expect(await peer.answer(ask, ALLOW)).toMatchObject({ code: 'already_settled' })
    expect(await peer.run('after the death')).toBe('completed')
    const told = heard(requestsWith(claude, 'after the death').at(-1)!.body)
    expect(told).toContain('permission to use Write; the tool did not run')
    expect(await peer.run('once more')).toBe('completed')
    const again = heard(requestsWith(claude, 'once more').at(-1)!.body)
    expect(again.split('the tool did not run')).toHaveLength(2)
  })
})
