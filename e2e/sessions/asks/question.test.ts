import { until } from '../../support/until.ts'
import { agentsOf } from '../support/agents.ts'
import { heard, question, requestsWith, timesHeard } from '../support/model.ts'
import { Peer } from '../support/peer.ts'
import { describe, expect, test } from '../support/shared.ts'

/** An answer to a question of the model. */
function choose(text: string, label = 'Blue'): object {
  return { behavior: 'allow', updatedInput: { answers: { [text]: label } } }
}

describe('a question to the user', () => {
  test('ends the process, and goes on with another when it is answered: one prompt, one end', async ({
    world,
    stage,
  }) => {
    const peer = await Peer.create(world, stage.server)
    const uuid = await peer.send('ask: Which colour?')
    const asked = await peer.event('ask')
    expect(asked).toMatchObject({
      kind: 'can_use_tool',
      deferred: true,
      data: { toolName: 'AskUserQuestion', input: question('Which colour?') },
    })
    await until('the process is gone', async () => (await agentsOf(peer)).length === 0)
    expect(await peer.event('agent_exited')).toMatchObject({ reason: 'question' })
    expect(await peer.info()).toMatchObject({
      status: 'requires_action',
      asks: [{ ask: asked.ask, deferred: true }],
    })
    expect(await peer.answer(asked.ask, choose('Which colour?'))).toMatchObject({ outcome: 'answered' })
    expect(await peer.ended(uuid)).toBe('completed')
    expect(peer.results.at(-1)).toContain('"Which colour?"="Blue"')
    await peer.status('idle')
    expect(peer.statuses).toEqual(['running', 'requires_action', 'running', 'idle'])
    expect((await peer.info()).usage.turns).toBe(1)
    expect(await peer.run('and after that')).toBe('completed')
    expect(heard(requestsWith(stage.claude, 'and after that').at(-1)!.body)).toContain('Which colour?')
  })

  test('can be answered while its process is just ending', async ({ world, stage }) => {
    const peer = await Peer.create(world, stage.server)
    const uuid = await peer.send('ask: Quickly?')
    const { ask } = await peer.event('ask')
    expect(peer.of('agent_exited')).toEqual([])
    await peer.answer(ask, choose('Quickly?', 'Red'))
    expect(await peer.ended(uuid)).toBe('completed')
    expect(peer.results.at(-1)).toContain('"Quickly?"="Red"')
  })

  test('holds the prompts that come behind it: they have their turns after its answer, in order', async ({
    world,
    stage,
  }) => {
    const peer = await Peer.create(world, stage.server)
    const asking = await peer.send('ask: In line?')
    const { ask } = await peer.event('ask')
    const behind = [await peer.send('one behind'), await peer.send('two behind', { priority: 'now' })]
    expect(await peer.info()).toMatchObject({ status: 'requires_action', queuedPrompts: 2 })
    await peer.answer(ask, choose('In line?'))
    for (const uuid of [asking, ...behind]) expect(await peer.ended(uuid)).toBe('completed')
    expect(peer.of('prompt_ended').map(({ uuid }) => uuid)).toEqual([asking, ...behind])
    expect(peer.results.slice(-2)).toEqual(['echo: one behind', 'echo: two behind'])
    expect(timesHeard(stage.claude, 'In line?')).toBeGreaterThan(0)
  })

  test('of two in one message the first is asked and the model hears of the second that it must wait', async ({
    world,
    stage,
  }) => {
    const peer = await Peer.create(world, stage.server)
    const uuid = await peer.send('ask-twice: Which')
    const { ask, data } = await peer.event('ask')
    expect(data).toMatchObject({ input: question('Which first?') })
    await peer.answer(ask, choose('Which first?'))
    expect(await peer.ended(uuid)).toBe('completed')
    expect(peer.of('ask')).toHaveLength(1)
    expect(peer.results.at(-1)).toContain('"Which first?"="Blue"')
    expect(peer.results.at(-1)).toContain('Another question is open')
  })

  test('beside another tool of the same message: that runs once, and the model gets both results', async ({
    world,
    stage,
  }) => {
    const peer = await Peer.create(world, stage.server)
    const uuid = await peer.send('ask-and-bash: echo once >> beside.txt; wc -l < beside.txt')
    const { ask } = await peer.event('ask')
    await peer.answer(ask, choose('Beside a tool?'))
    expect(await peer.ended(uuid)).toBe('completed')
    expect(peer.results.at(-1)).toContain('"Beside a tool?"="Blue"')
    expect(peer.results.at(-1)).toContain('got: 1 |')
  })

  test('is closed by an interrupt: the turn ends with that, without another word of the model', async ({
    world,
    stage,
  }) => {
    const peer = await Peer.create(world, stage.server)
    const uuid = await peer.send('ask: Stop it?')
    const { ask } = await peer.event('ask')
    const before = requestsWith(stage.claude, 'Stop it?').length
    peer.interrupt()
    expect(await peer.ended(uuid)).toBe('interrupted')
    expect(peer.of('ask_settled')).toMatchObject([{ ask, outcome: 'cancelled' }])
    expect(await peer.answer(ask, choose('Stop it?'))).toMatchObject({ code: 'already_settled' })
    expect(requestsWith(stage.claude, 'Stop it?').length).toBe(before)
    await peer.status('idle')
    expect(await peer.run('after the question')).toBe('completed')
    expect(peer.results.at(-1)).toBe('echo: after the question')
  })

  test('whose turn is interrupted right behind its answer does not go on', async ({ world, stage }) => {
    const peer = await Peer.create(world, stage.server)
    const uuid = await peer.send('ask: Or rather not?')
    const { ask } = await peer.event('ask')
    const answered = peer.answer(ask, choose('Or rather not?'))
    peer.interrupt()
    expect(await answered).toMatchObject({ outcome: 'answered' })
    expect(await peer.ended(uuid)).toBe('interrupted')
    expect(await peer.run('after the answer')).toBe('completed')
  })

  test('that nobody answers within askTimeoutMs is declined, and the turn goes on', async ({
    world,
    stage,
  }) => {
    const peer = await Peer.create(world, stage.server, { askTimeoutMs: 200 })
    expect(await peer.run('ask: Anybody?')).toBe('completed')
    expect(peer.of('ask_settled')).toMatchObject([{ outcome: 'timed_out' }])
    expect(peer.results.at(-1)).toContain('Nobody answered within 200 ms')
  })

  test('answered without an answer to it is refused, and declined with the words of an error', async ({
    world,
    stage,
  }) => {
    const peer = await Peer.create(world, stage.server)
    const uuid = await peer.send('ask: Well?')
    const { ask } = await peer.event('ask')
    for (const updatedInput of [undefined, {}, { answers: {} }, { answers: 'Blue' }]) {
      const refused = await peer.answer(ask, { behavior: 'allow', updatedInput })
      expect(refused).toMatchObject({ code: 'invalid_answer', hint: expect.any(String) as string })
    }
    await peer.call({ type: 'answer', ask, error: 'They have gone home.' })
    expect(await peer.ended(uuid)).toBe('completed')
    expect(peer.results.at(-1)).toContain('They have gone home.')
  })
})
