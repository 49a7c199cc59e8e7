import { afterAll, beforeAll, describe, test, type TestContext } from 'vitest'
import { conversations } from './claims/conversations.ts'
import { endings } from './claims/endings.ts'
import { failures } from './claims/failures.ts'
import { neighbours } from './claims/neighbours.ts'
import { secrets } from './claims/secrets.ts'
import { servers } from './claims/servers.ts'
import { times } from './claims/times.ts'
import type { Engine } from './engine.ts'
import { House, Stage } from './stage.ts'

/** What a claim is tested with: a stage of its own, and the way to say why it cannot be tested on this engine. */
type Act = (stage: Stage, skip: (reason: string) => never) => Promise<void>
export type Claim = (name: string, act: Act) => void

/** A turn starts a process of the real CLI, and images may have to be unpacked. */
const PATIENCE_MS = 180_000
/** An image may have to be made. */
const OPENING_MS = 600_000

const SUBJECTS: Record<string, (claim: Claim) => void> = {
  'its server': servers,
  'a conversation': conversations,
  time: times,
  'the end': endings,
  'two at once': neighbours,
  'a failure': failures,
  secrets,
}

/** The contract of `SandboxProvider`, for any engine. What an engine cannot do is skipped, with a reason. */
export function describeEngine(engine: Engine): void {
  describe(`the engine ${engine.name}`, () => {
    let house: House | undefined
    let reason = ''
    beforeAll(async () => {
      const opened = await engine.open()
      if ('skip' in opened) reason = opened.skip
      else house = await House.open(opened)
    }, OPENING_MS)
    afterAll(async () => house?.close(), PATIENCE_MS)

    const claim: Claim = (name, act) =>
      test(name, { timeout: PATIENCE_MS }, async (context: TestContext) => {
        if (house === undefined) return context.skip(reason)
        const stage = new Stage(house)
        const acted = await Promise.allSettled([act(stage, (why) => context.skip(why))])
        const faults = [...acted, ...(await Promise.allSettled([stage.dispose()]))].flatMap((one) =>
          one.status === 'rejected' ? [one.reason as unknown] : [],
        )
        if (faults.length > 1)
          throw new AggregateError(faults, `It failed, and so did tidying up: ${String(faults[0])}`)
        if (faults.length === 1) throw faults[0]
      })

    for (const [subject, claims] of Object.entries(SUBJECTS)) {
      describe(subject, () => {
        claims(claim)
      })
    }
  })
}
