import type { ScriptedClaude } from 'scripted-claude'
import { signal } from '../../support/processes.ts'
import { pause, until } from '../../support/until.ts'
import { agentOf } from '../support/agents.ts'
import { requestsWith, userTexts } from '../support/model.ts'
import { Peer } from '../support/peer.ts'
import { expect, test } from '../support/shared.ts'

interface Moment {
  name: string
  /** The prompt. */
  say: string
  /** Resolves at the moment. */
  reach: (peer: Peer, uuid: string, claude: ScriptedClaude) => Promise<unknown>
}

/** Moments in the life of a prompt at which its agent is killed. */
const MOMENTS: Moment[] = [
  { name: 'at once', say: 'kill one', reach: () => Promise.resolve() },
  { name: 'when it is queued', say: 'kill two', reach: (peer, uuid) => life(peer, uuid, 'queued') },
  { name: 'when it is started', say: 'kill three', reach: (peer, uuid) => life(peer, uuid, 'started') },
  {
    name: 'at its request to the model',
    say: 'hang: kill four',
    reach: (_peer, _uuid, claude) =>
      until('the model is asked', () => requestsWith(claude, 'kill four').length > 0),
  },
  { name: 'in the middle of a stream', say: 'talk: kill five', reach: (peer) => told(peer, '"word "') },
  {
    name: 'in a tool',
    say: 'bash: echo kill six; sleep 30',
    reach: async (peer) => {
      await told(peer, '"name":"Bash","input":{"command":"echo kill six')
      await pause(300)
    },
  },
  {
    name: 'after its last words',
    say: 'kill seven',
    reach: (peer) => told(peer, '"text":"echo: kill seven'),
  },
]

test(
  'kill -9 of the CLI at any moment: each prompt is in the conversation exactly once, has one end, and the next one works',
  { timeout: 90_000 },
  async ({ world, stage: { server, claude } }) => {
    const peer = await Peer.create(world, server, { options: { includePartialMessages: true } })
    expect(await peer.run('my name is Ada')).toBe('completed')
    const said = ['my name is Ada']
    for (const { name, say, reach } of MOMENTS) {
      const { id } = await agentOf(peer)
      const uuid = await peer.send(say)
      await reach(peer, uuid, claude)
      signal(id, 'SIGKILL')
      expect(['completed', 'interrupted'], name).toContain(await peer.ended(uuid))
      said.push(say, `after ${name}`)
      expect(await peer.run(`after ${name}`), name).toBe('completed')
      const texts = userTexts(requestsWith(claude, `after ${name}`).at(-1)!.body)
      expect(
        texts.filter((text) => said.includes(text)),
        name,
      ).toEqual(said)
    }
    expect(peer.of('error').filter(({ code }) => code !== 'history_lost')).toEqual([])
    await peer.status('idle')
    expect(peer.statuses.at(-1)).toBe('idle')
    for (const exit of peer.of('agent_exited'))
      expect(exit).toMatchObject({ signal: 'SIGKILL', cause: expect.stringContaining('SIGKILL') as string })
  },
)

/** Resolves once the CLI has told that a prompt is in this state. */
function life(peer: Peer, uuid: string, state: string): Promise<unknown> {
  return until(`the prompt is ${state}`, () =>
    peer.of('sdk_message').some(({ data }) => {
      const told = data as { type: string; command_uuid?: string; state?: string }
      return told.type === 'command_lifecycle' && told.command_uuid === uuid && told.state === state
    }),
  )
}

/** Resolves once a frame holds a text. */
function told(peer: Peer, text: string): Promise<unknown> {
  return until(`a frame with ${text}`, () =>
    peer.frames.some((frame) => JSON.stringify(frame).includes(text)),
  )
}
