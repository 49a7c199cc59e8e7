import { until } from '../../support/until.ts'
import { requestsWith, timesHeard } from '../support/model.ts'
import { Peer } from '../support/peer.ts'
import { crash, expect, setStage, test } from '../support/shared.ts'

test('what a session is, outlasts kill -9 also where the log has dropped its beginning: usage, prompts that were taken, and the one that runs', async ({
  world,
}) => {
  const small = { CLAUDE_AGENT_MAX_LOG_BYTES: String(1024 * 1024) }
  let stage = await setStage(world, small)
  const limits = { maxTurns: 100 }
  const peer = await Peer.create(world, stage.server, { id: 'long', limits })
  // One behind the other, so that the session is never at rest.
  const running = await peer.send('hang: never at rest')
  const first = await peer.send('said at the beginning')
  const huge = await Promise.all([1, 2, 3, 4, 5, 6].map((number) => peer.send(`huge: ${number}`)))
  const last = await peer.send('hang: at the end')
  await until('the model is asked', () => requestsWith(stage.claude, 'never at rest').length > 0)
  peer.interrupt()
  for (const uuid of [running, first, ...huge]) await peer.ended(uuid)
  await until('the last one runs', () => requestsWith(stage.claude, 'at the end').length > 0)
  const { usage, firstSeq } = await peer.info()
  expect(firstSeq, 'the beginning was dropped').toBeGreaterThan(10)
  stage = await crash(world, stage, small)
  const next = await Peer.attach(world, stage.server, 'long', { after: 'latest' })
  await next.status('idle')
  const after = await next.info()
  expect(after.usage).toMatchObject({ turns: usage.turns + 1, outputTokens: usage.outputTokens })
  const again = { type: 'user', uuid: first, message: { role: 'user', content: 'said at the beginning' } }
  expect(await next.call({ type: 'user_message', data: again })).toMatchObject({ uuid: first, turn: 'own' })
  const late = await next.http('DELETE', `/messages/${last}`)
  expect(late.body).toMatchObject({
    code: 'prompt_not_waiting',
    error: expect.stringContaining('interrupted') as string,
  })
  expect(await next.run('still there?')).toBe('completed')
  expect(timesHeard(stage.claude, 'said at the beginning')).toBe(1)
})
