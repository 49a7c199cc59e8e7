import { expect } from 'vitest'
import type { Claim } from '../contract.ts'
import { createElsewhere } from '../creator.ts'
import { failure } from '../failure.ts'
import { http } from '../speak.ts'
import { until } from '../until.ts'

/** Long enough for the tests to look at it while it lives. */
const SHORT_MS = 5_000
/** Long enough for a call to come in time on a busy machine. */
const FIRST_MS = 12_000

export function times(claim: Claim): void {
  claim('ends a sandbox by itself, although its creator was killed, and nothing is left', async (stage) => {
    const { id } = await createElsewhere(stage.engine, stage.options({ timeoutMs: SHORT_MS }))
    expect(await stage.list()).toMatchObject([{ id, state: 'running' }])
    await until('it is not listed', async () => (await stage.list()).length === 0, 60_000)
    await until('nothing is left', async () => (await stage.engine.leftovers()).length === 0)
    expect((await failure(stage.connect(id))).code).toBe('sandbox_not_found')
  })

  claim(
    'is given by extend(): it lives on when another one of the same first timeout is over',
    async (stage) => {
      const options = { timeoutMs: FIRST_MS }
      const [kept, clock] = await Promise.all([stage.create(options), stage.create(options)])
      await kept.extend(120_000)
      await until('the other one is over', async () => (await stage.list()).length === 1, 60_000)
      expect((await failure(stage.connect(clock.id))).code).toBe('sandbox_not_found')
      expect((await http(kept, '/sessions')).status).toBe(200)
      expect(await stage.list()).toMatchObject([{ id: kept.id, state: 'running' }])
    },
  )

  claim('is given by connect(), counted anew, and can be taken by extend()', async (stage) => {
    const { id } = await stage.create({ timeoutMs: FIRST_MS })
    const again = await stage.connect(id, { timeoutMs: 120_000 })
    const clock = await stage.create({ timeoutMs: FIRST_MS })
    await until('the other one is over', async () => (await stage.list()).length === 1, 60_000)
    expect((await failure(clock.extend(1_000))).code).toBe('sandbox_not_found')
    expect((await http(again, '/sessions')).status).toBe(200)
    await again.extend(1_000)
    await until('it is over as well', async () => (await stage.list()).length === 0, 60_000)
  })
}
