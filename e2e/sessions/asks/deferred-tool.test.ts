import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { requestsWith } from '../support/model.ts'
import { Peer } from '../support/peer.ts'
import { expect, setStage, test } from '../support/shared.ts'

/** A hook of the workspace that defers Bash the first time that it sees it. */
const HOOK = `import { existsSync, readFileSync, writeFileSync } from 'node:fs'
const { tool_name } = JSON.parse(readFileSync(0, 'utf8'))
if (tool_name === 'Bash' && !existsSync('.claude/seen')) {
  writeFileSync('.claude/seen', '')
  const hookSpecificOutput = { hookEventName: 'PreToolUse', permissionDecision: 'defer' }
  console.log(JSON.stringify({ hookSpecificOutput }))
}
`

test.for(['bypassPermissions', 'default'] as const)(
  'a tool that a hook of the workspace defers, and somebody denies, does not run (%s)',
  async (permissionMode, { world }) => {
    const { claude, server } = await setStage(world)
    const folder = join(server.workspace, '.claude')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'hook.mjs'), HOOK)
    const command = `${process.execPath} ${join(folder, 'hook.mjs')}`
    const hooks = { PreToolUse: [{ matcher: 'Bash', hooks: [{ type: 'command', command }] }] }
    await writeFile(join(folder, 'settings.json'), JSON.stringify({ hooks }))
    const peer = await Peer.create(world, server, { options: { permissionMode } })
    const uuid = await peer.send('bash: touch ran.txt')
    const { ask, data } = await peer.openAsk()
    expect(data).toMatchObject({ toolName: 'Bash' })
    await peer.answer(ask, { behavior: 'deny', message: 'No, never.' })
    expect(await peer.ended(uuid)).toBe('completed')
    expect(existsSync(join(server.workspace, 'ran.txt'))).toBe(false)
    expect(requestsWith(claude, 'No, never.')).not.toHaveLength(0)
    expect((await peer.info()).asks).toEqual([])
  },
)
