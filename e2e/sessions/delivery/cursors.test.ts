import { test } from '../../support/test.ts'
import { isResult, numbersOf } from './support/frame.ts'
import { blocks, talk } from './support/speeches.ts'

test('smoke', async ({ world }) => {
  const { session } = await talk(world, [blocks('burst', 3000)])
  const listener = session.listen('?client=ada')
  console.log(await listener.prompt('burst'))
  const t = Date.now()
  await listener.next(isResult)
  console.log(Date.now() - t, numbersOf(listener.frames).length, JSON.stringify(listener.frames.slice(0,12), null, 1).slice(0, 3000))
})
