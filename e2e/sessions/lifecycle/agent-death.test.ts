import { signal } from '../../support/processes.ts'
import { until } from '../../support/until.ts'
import { agentOf } from '../support/agents.ts'
import { heard, requestsWith } from '../support/model.ts'
import { Peer } from '../support/peer.ts'
import { expect, test } from '../support/shared.ts'

/** Moments in the life of a prompt at which its agent is killed, and how the prompt must have ended then. */
const MOMENTS = [
  { name: 'at once', say: 'kill-1', at: () => {} },
  { name: 'when it was queued', say: 'kill-2', at: (peer: Peer, uuid: string) => life(peer, uuid, 'queued') },
  { name: 'when it was started', say: 'kill-3', at: (peer: Peer, uuid: string) => life(peer, uuid, 'started') },
  { name: 'at the request to the model', say: 'hang: kill-4', at: untilAsked },
  {
    name: 'in the middle of a stream',
    say: 'talk: kill-5',
    at: (peer: Peer) => until('it streams', () => peer.frames.some((frame) => isPartial(frame))),
  },
  {
    name: 'in a tool',
    say: 'bash: echo kill-6; sleep 30',
    at: async (peer: Peer) => {
      await until('the tool is called', () => peer.events.some((event) => JSON.stringify(event).includes('"tool_use"') && JSON.stringify(event).includes('kill-6')))
      await new Promise((go) => setTimeout(go, 300))
    },
  },
  {
    name: 'after its last words',
    say: 'kill-7',
    at: (peer: Peer) =>
      until('it has answered', () => peer.events.some((event) => JSON.stringify(event).includes('echo: kill-7'))),
  },
]

test('kill -9 of the CLI at any moment: each prompt is in the conversation exactly once, has one end, and the next one works', async ({
  world,
  stage,
}) => {
  const { server, claude } = stage
  const options = { includePartialMessages: true }
  const peer = await Peer.create(world, server, { options })
  expect(await peer.run('my name is Ada')).toBe('completed')
  for (const { name, say, at } of MOMENTS) {
    const { id } = await agentOf(peer)
    const uuid = await peer.send(say)
    await at(peer, uuid)
    signal(id, 'SIGKILL')
    const outcome = await peer.ended(uuid)
    expect(['completed', 'interrupted'], name).toContain(outcome)
    const next = `after ${say.slice(-6)} ${name}`
    expect(await peer.run(next), name).toBe('completed')
    const { body } = requestsWith(claude, next).at(-1)!
    expect(heard(body), name).toContain('my name is Ada')
    for (const { say: earlier } of MOMENTS.slice(0, MOMENTS.findIndex((one) => one.name === name) + 1))
      expect(timesSaid(body, earlier), `${earlier}, after being killed ${name}`).toBe(1)
  }
  expect(peer.of('error').filter(({ code }) => code !== 'history_lost')).toEqual([])
  await peer.status('idle')
  expect(peer.statuses.at(-1)).toBe('idle')
  for (const exit of peer.of('agent_exited'))
    expect(exit).toMatchObject({ signal: 'SIGKILL', cause: expect.stringContaining('SIGKILL') as string })
})

function life(peer: Peer, uuid: string, state: string): Promise<unknown> {
  return until(`the prompt is ${state}`, () =>
    peer.of('sdk_message').some(({ data }) => {
      const told = data as { type: string; command_uuid?: string; state?: string }
      return told.type === 'command_lifecycle' && told.command_uuid === uuid && told.state === state
    }),
  )
}

function isPartial(frame: object): boolean {
  return JSON.stringify(frame).includes('stream_event') && JSON.stringify(frame).includes('word ')
}
