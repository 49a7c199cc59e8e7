import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { signal } from '../../support/processes.ts'
import { until } from '../../support/until.ts'
import { agentOf } from '../support/agents.ts'
import { requestsWith } from '../support/model.ts'
import { Peer } from '../support/peer.ts'
import { crash, describe, expect, restart, setStage, test } from '../support/shared.ts'

const LIMITS = ['maxTurns', 'maxCostUsd', 'maxTokens', 'maxWallMs'] as const

describe('at a limit', () => {
  test.for(LIMITS)(
    '%s prompts are refused, those in line wait, and go on when it is raised',
    async (limit, { world, stage }) => {
      const least = limit === 'maxCostUsd' ? 0.000_001 : 1
      const peer = await Peer.create(world, stage.server)
      const file = join(stage.server.workspace, limit)
      const first = await peer.send(`bash: until test -e ${file}; do sleep 0.05; done`)
      const waiting = await peer.send(`waits for ${limit}`)
      await peer.http('PATCH', '', { limits: { [limit]: least } })
      await writeFile(file, '')
      expect(await peer.ended(first)).toBe('completed')
      expect(await peer.status('queued')).toMatchObject({ queuedPrompts: 1, limits: { [limit]: least } })
      expect(await peer.info()).not.toHaveProperty('position')
      expect(peer.of('error')).toMatchObject([
        { code: 'budget_reached', error: expect.stringContaining(limit) as string },
      ])
      const refused = { type: 'user', message: { role: 'user', content: 'one too many' } }
      expect(await peer.call({ type: 'user_message', data: refused })).toMatchObject({
        code: 'budget_reached',
      })
      await peer.http('PATCH', '', { limits: { [limit]: 1_000_000 } })
      expect(await peer.ended(waiting)).toBe('completed')
      expect(requestsWith(stage.claude, 'one too many')).toEqual([])
      await peer.status('idle')
    },
  )
})

test('a limit and what is used up hold across restarts: prompts in line still wait, and go on when it is raised', async ({
  world,
}) => {
  let stage = await setStage(world)
  const peer = await Peer.create(world, stage.server, { id: 'limited', limits: { maxTurns: 1 } })
  const first = await peer.send('brief: the only turn')
  const waiting = await peer.send('waits over a restart')
  await peer.ended(first)
  const { usage } = await peer.status('queued')
  stage = await crash(world, stage)
  const next = await Peer.attach(world, stage.server, 'limited')
  expect(await next.status('queued')).toMatchObject({ queuedPrompts: 1, usage })
  await next.http('PATCH', '', { limits: {} })
  expect(await next.ended(waiting)).toBe('completed')
  expect((await next.info()).usage.turns).toBe(2)
})

test('usage is what the model was used for: no turn is lost or counted twice by kills and restarts', async ({
  world,
}) => {
  let stage = await setStage(world)
  let peer = await Peer.create(world, stage.server, { id: 'counted' })
  await peer.run('counted 1')
  const one = (await peer.info()).usage
  expect(one).toMatchObject({ turns: 1 })
  expect(one.costUsd).toBeGreaterThan(0)
  expect(one.wallMs).toBeGreaterThan(0)
  signal((await agentOf(peer)).id, 'SIGKILL')
  await peer.event('agent_exited')
  await peer.run('counted 2')
  stage = await crash(world, stage)
  peer = await Peer.attach(world, stage.server, 'counted')
  await peer.run('counted 3')
  const three = (await peer.info()).usage
  stage.server.kill('SIGTERM')
  stage = await restart(world, stage)
  peer = await Peer.attach(world, stage.server, 'counted')
  expect((await peer.info()).usage).toEqual(three)
  await peer.run('counted 4')
  await until('its usage is told', async () => (await peer.info()).usage.turns === 4)
  const { usage } = await peer.info()
  // The scripted model's count of tokens is steady, and what it says is in its requests: so the sum can be looked up.
  expect(usage.outputTokens).toBe(one.outputTokens * 4)
  expect(usage.costUsd).toBeGreaterThan(three.costUsd)
  expect(usage.costUsd).toBeLessThan(one.costUsd * 8)
})
