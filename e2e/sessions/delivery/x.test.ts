import { expect, test } from '../../support/test.ts'
import { pause } from '../../support/until.ts'
import { blocks, talk } from './support/speeches.ts'
test('x', { timeout: 120_000 }, async ({ world }) => {
  const { session, server } = await talk(world, [blocks('flood', 200, 100_000)])
  const l = session.listen()
  await l.caughtUp()
  l.stall()
  await session.prompt('flood')
  await session.idle(40_000)
  await pause(45_000)
  l.goOn()
  console.log(await l.closed, l.frames.length, server.logs().slice(-500))
})
