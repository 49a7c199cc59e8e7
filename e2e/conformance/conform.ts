import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Case, Stage } from './case.ts'
import { Model } from './model.ts'
import type { Reach } from './reach.ts'
import type { Venue, Way } from './ways/way.ts'

/** What a case may take on a busy machine. */
const CASE_MS = 120_000

/** Tests that a program comes out the same in a way to its agent, case by case. */
export function conform(way: Way, cases: Case[], reach?: Reach): void {
  describe.concurrent(
    `by way of ${way.name}${way.isCut === true ? ', with the network cut' : ''}`,
    { timeout: CASE_MS },
    () => {
      let model: Model
      let venue: Venue
      beforeAll(async () => {
        model = await Model.start()
        venue = await way.open(model)
      })
      afterAll(async () => {
        await venue.close()
        await model.close()
      })

      /** Sets the stage, and lets the case play. */
      async function play({ run }: Case): Promise<void> {
        const part = model.part()
        const ground = await venue.ground()
        const stage: Stage = {
          ...ground,
          model: part,
          file: (name) => join(ground.workspace, `${part.tag}-${name}`),
        }
        await run(reach === undefined ? stage : reach.watch(stage))
      }

      for (const one of cases) {
        const deviation = way.name === 'sdk' ? undefined : one.differs?.[way.name]
        const name = deviation === undefined ? one.name : `differs, as is written: ${one.name}`
        const act = one.isAlone === true ? test.sequential : test
        act(name, async () => {
          if (deviation === undefined) return await play(one)
          const fault = await play(one).catch((error: unknown) => error)
          expect(String(fault), 'It does as with the SDK alone: its mark is to go.').toMatch(deviation.shows)
        })
      }
    },
  )
}
