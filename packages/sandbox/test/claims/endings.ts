import { expect } from 'vitest'
import type { Claim } from '../contract.ts'
import { failure } from '../failure.ts'
import { Conversation } from '../speak.ts'
import { until } from '../until.ts'

export function endings(claim: Claim): void {
  claim(
    'by kill() leaves nothing, whatever its agents left behind, and a second kill() is no error',
    async (stage) => {
      const sandbox = await stage.create()
      const talk = await Conversation.begin(sandbox)
      await talk.say('bash: nohup setsid sleep 272.5 > /dev/null 2>&1 & echo started')
      expect(await stage.engine.leftovers()).not.toEqual([])
      await sandbox.kill()
      expect(await stage.engine.leftovers()).toEqual([])
      expect(await stage.list()).toEqual([])
      await sandbox.kill()
    },
  )

  claim('of a paused sandbox by kill() leaves nothing either', async (stage, skip) => {
    if (stage.engine.provider.capabilities.pause === false) return skip('This engine does not pause.')
    const sandbox = await stage.create()
    await sandbox.pause()
    await sandbox.kill()
    expect(await stage.engine.leftovers()).toEqual([])
  })

  claim('of a sandbox whose server died by kill() leaves nothing either', async (stage) => {
    const sandbox = await stage.create()
    await stage.engine.killServer(sandbox.id)
    await sandbox.kill()
    expect(await stage.engine.leftovers()).toEqual([])
  })

  claim('is for good: whoever connects or extends is told that it is not found', async (stage) => {
    const sandbox = await stage.create()
    const other = await stage.connect(sandbox.id)
    await sandbox.kill()
    expect((await failure(stage.connect(sandbox.id))).code).toBe('sandbox_not_found')
    expect((await failure(other.extend(60_000))).code).toBe('sandbox_not_found')
    if (stage.engine.provider.capabilities.pause !== false)
      expect((await failure(other.pause())).code).toBe('sandbox_not_found')
    await other.kill()
  })

  claim('behind our back is told to onLost once, and kill() is no error then', async (stage) => {
    const sandbox = await stage.create()
    const heard: Error[] = []
    const unheard: Error[] = []
    sandbox.onLost((error) => heard.push(error))
    sandbox.onLost((error) => unheard.push(error))()
    await stage.engine.deleteBehind(sandbox.id)
    await until('it is told', () => heard.length > 0, 60_000)
    expect(heard).toMatchObject([{ code: 'sandbox_not_found' }])
    expect((await failure(sandbox.extend(60_000))).code).toBe('sandbox_not_found')
    expect((await failure(stage.connect(sandbox.id))).code).toBe('sandbox_not_found')
    await sandbox.kill()
    expect(heard).toHaveLength(1)
    expect(unheard).toEqual([])
    expect(await stage.engine.leftovers()).toEqual([])
  })

  claim('by kill() of the same object is not told to its onLost', async (stage) => {
    const [sandbox, clock] = await Promise.all([stage.create(), stage.create()])
    const heard: Error[] = []
    const others: Error[] = []
    sandbox.onLost((error) => heard.push(error))
    clock.onLost((error) => others.push(error))
    await sandbox.kill()
    await stage.engine.deleteBehind(clock.id)
    await until(
      'the other one, which was not killed by its object, is told of',
      () => others.length > 0,
      60_000,
    )
    expect(heard).toEqual([])
  })
}
