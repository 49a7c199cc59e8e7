import { expect } from 'vitest'
import type { Claim } from '../contract.ts'
import { commandLines, watchCommandLines } from '../command-lines.ts'
import { failure, shown } from '../failure.ts'
import { Conversation } from '../speak.ts'
import { KEY } from '../stage.ts'

export function secrets(claim: Claim): void {
  claim('are in the arguments of no process, at no moment', async (stage, skip) => {
    if (process.platform !== 'linux') return skip('The arguments of processes are read from /proc.')
    const known = [KEY]
    let isOver = false
    const watched = watchCommandLines(
      () => known,
      () => isOver,
    )
    const sandbox = await stage.create()
    known.push(sandbox.token)
    await (await Conversation.begin(sandbox)).say('hello')
    await (await stage.connect(sandbox.id)).extend(60_000)
    isOver = true
    expect(await watched).toEqual([])
    const now = await commandLines()
    expect(now.some((line) => line.includes('node'))).toBe(true)
    expect(now.filter((line) => line.includes(sandbox.token) || line.includes(KEY))).toEqual([])
  })

  claim('are in no list, progress or error, and not where the engine shows what it has', async (stage) => {
    const heard: unknown[] = []
    const sandbox = await stage.create({ onProgress: (progress) => heard.push(progress) })
    const told = [JSON.stringify(await stage.list()), JSON.stringify(heard), JSON.stringify(sandbox.metadata)]
    told.push(...((await stage.engine.exposed?.()) ?? []))
    const wrong = { CLAUDE_AGENT_MAX_SESSIONS: 'plenty' }
    told.push(shown(await failure(stage.create({ envs: wrong }))))
    told.push(shown(await failure(stage.engine.unreachable().create(stage.options()))))
    const { missingTemplate: template } = stage.engine
    if (template !== undefined) told.push(shown(await failure(stage.create({ template }))))
    await sandbox.kill()
    told.push(shown(await failure(stage.connect(sandbox.id))))
    for (const text of told) {
      expect(text).not.toContain(KEY)
      expect(text).not.toContain(sandbox.token)
    }
  })

  claim(
    'of the model do not reach the agent: not its environment, not that of what it can see',
    async (stage) => {
      const talk = await Conversation.begin(await stage.create())
      const search = `cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -c '${KEY.slice(0, -1)}[${KEY.at(-1)}]'`
      const here = `env | grep -c '${KEY.slice(0, -1)}[${KEY.at(-1)}]'`
      expect(await talk.say(`bash: ${here}; ${search}; echo searched`)).toMatch(/^0\s+0\s+searched\s*$/)
    },
  )
}
