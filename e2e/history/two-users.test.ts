import { readdir, rename, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from '@claude-agent/client'
import { lastTexts, PATIENT_MS, run } from './support/memory.ts'
import { model } from '../sessions/support/model.ts'
import { Peer } from '../sessions/support/peer.ts'
import { describe, expect, test } from '../support/test.ts'
import { AGENT_ID, asTwoUsers, noTwoUsers } from '../support/two-users.ts'

describe.skipIf(noTwoUsers !== '')(
  `where agents are another user than the server${noTwoUsers}`,
  { timeout: 4 * PATIENT_MS },
  () => {
    test('transcripts are written, listed and read with the agent’s own rights, and nothing else is read in their place', async ({
      world,
    }) => {
      const claude = await world.claude({ script: model() })
      const server = await world.server({ upstream: claude.url, ...(await asTwoUsers(world)) })
      const peer = await Peer.create(world, server)
      await run(peer, 'said as another user')
      const made = await peer.http('POST', '/fork')
      expect(made.status).toBe(201)
      const projects = join(`${server.workspace}.home`, '.claude/projects')
      const names = (await readdir(projects, { recursive: true })).filter((name) => name.endsWith('.jsonl'))
      expect(names).toHaveLength(2)
      for (const name of names)
        expect(await stat(join(projects, name))).toMatchObject({ uid: AGENT_ID, gid: AGENT_ID })
      const fork = await Peer.attach(world, server, made.body.id)
      expect(await run(fork, 'the fork speaks')).toBe('completed')
      expect(lastTexts(claude, 'the fork speaks')).toContain('said as another user')
      const ids: string[] = []
      const client = connect({ url: server.url })
      for await (const { sdkSessionId } of client.transcripts()) ids.push(sdkSessionId)
      expect(ids.sort()).toEqual(
        [(await peer.info()).sdkSessionId!, (await fork.info()).sdkSessionId!].sort(),
      )
      // The agent puts a link in place of its transcript, to what only the server may read.
      const path = join(
        projects,
        names.find((name) => name.includes(ids[0]!))!,
      )
      await rename(path, `${path}.aside`)
      await symlink(join(server.dataDir, 'id'), path)
      const session = (await client.sessionWith(ids[0]!))!
      await expect(session.export()).rejects.toMatchObject({ code: 'history_lost' })
    })
  },
)
