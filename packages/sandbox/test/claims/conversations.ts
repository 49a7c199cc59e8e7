import { expect } from 'vitest'
import type { Claim } from '../contract.ts'
import { Conversation } from '../speak.ts'
import { until } from '../until.ts'

export function conversations(claim: Claim): void {
  claim('is held by the real CLI with a model that the sandbox reaches, and its tools run', async (stage) => {
    const talk = await Conversation.begin(await stage.create())
    expect(await talk.say('remember apples')).toBe('noted')
    expect(await talk.say('bash: echo $((6 * 7)) from the tool')).toContain('42 from the tool')
  })

  claim('goes on after a pause: id, token, metadata and history are the same', async (stage, skip) => {
    const { pause } = stage.engine.provider.capabilities
    if (pause === false) return skip('This engine does not pause.')
    const sandbox = await stage.create({ metadata: { fruit: 'pears' } })
    const talk = await Conversation.begin(sandbox)
    await talk.say('remember pears')
    await sandbox.pause()
    expect(await stage.list()).toMatchObject([{ id: sandbox.id, state: 'paused' }])
    const again = await stage.connect(sandbox.id)
    expect(again).toMatchObject({ id: sandbox.id, token: sandbox.token })
    expect(again.metadata).toMatchObject({ fruit: 'pears' })
    expect(await stage.list()).toMatchObject([{ id: sandbox.id, state: 'running' }])
    expect(await new Conversation(again, talk.id).say('recall')).toBe('pears')
  })

  claim('goes on after a pause that the timeout made', async (stage, skip) => {
    if (stage.engine.provider.capabilities.pauseOnTimeout === false)
      return skip('This engine does not pause when the time is over.')
    const sandbox = await stage.create({ onTimeout: 'pause' })
    const talk = await Conversation.begin(sandbox)
    await talk.say('remember plums')
    await sandbox.extend(2_000)
    await until('it is paused', async () => (await stage.list())[0]?.state === 'paused', 60_000)
    const again = await stage.connect(sandbox.id)
    expect(await new Conversation(again, talk.id).say('recall')).toBe('plums')
  })

  claim('goes on when the server was killed: connect starts it again on the same data', async (stage) => {
    const sandbox = await stage.create()
    const talk = await Conversation.begin(sandbox)
    await talk.say('remember cherries')
    await stage.engine.killServer(sandbox.id)
    const again = await stage.connect(sandbox.id)
    expect(again).toMatchObject({ id: sandbox.id, token: sandbox.token })
    expect(await new Conversation(again, talk.id).say('recall')).toBe('cherries')
    expect(await stage.list()).toMatchObject([{ id: sandbox.id, state: 'running' }])
  })

  claim('is there for who connects while the sandbox runs, beside the first', async (stage) => {
    const sandbox = await stage.create()
    const talk = await Conversation.begin(sandbox)
    await talk.say('remember figs')
    const again = await stage.connect(sandbox.id)
    expect(await new Conversation(again, talk.id).say('recall')).toBe('figs')
    expect(await talk.say('recall')).toBe('figs')
  })
}
