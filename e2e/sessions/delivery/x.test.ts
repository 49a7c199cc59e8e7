import { test } from '../../support/test.ts'
import { blocks, talk } from './support/speeches.ts'
test('x', async ({ world }) => {
  const { session } = await talk(world, [blocks('long', 150, 20_000)], {
    env: { CLAUDE_AGENT_MAX_LOG_BYTES: String(1024*1024) },
  })
  console.log((await session.prompt('long')).json)
  const { firstSeq, lastSeq, log } = await session.idle()
  console.log(firstSeq, lastSeq)
  await new Promise(r => setTimeout(r, 2000))
  const e = await session.page(`?after=${lastSeq - 4}`)
  console.log(e.events.map((x) => JSON.stringify(x).slice(0, 200)).join('\n'))
})
