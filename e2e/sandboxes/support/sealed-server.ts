import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { agentProcesses, signal } from '../../support/processes.ts'
import { Program } from '../../support/program.ts'
import { layOut } from '../../support/server.ts'
import type { World } from '../../support/test.ts'
import { until } from '../../support/until.ts'

export const TOKEN = 'token-of-the-sealed-7f3a'

/** A server that was started sealed, as a template does it: open to every address, without token and key. */
export interface SealedStart {
  program: Program
  url: string
  dataDir: string
  workspace: string
  sealFile: string
  /** Gives it a seal file, in one piece. */
  give: (env: Record<string, unknown>) => Promise<void>
  /** Resolves once it says that it is open. */
  opened: () => Promise<void>
}

export async function startSealed(
  world: World,
  env: Record<string, string> = {},
  given?: string,
): Promise<SealedStart> {
  const folder = given ?? (await world.folder())
  const { home, workspace, dataDir, cwd } = layOut(folder)
  const sealFile = join(folder, 'seal', 'seal.json')
  await Promise.all([home, cwd, join(folder, 'seal')].map((path) => mkdir(path, { recursive: true })))
  const program = new Program({
    args: ['--port', '0', '--host', '0.0.0.0', '--data-dir', dataDir, '--workspace', workspace],
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      HOME: home,
      CLAUDE_AGENT_SEAL_FILE: sealFile,
      ...env,
    },
    cwd,
  })
  world.defer(async () => {
    signal(program.id, 'SIGKILL')
    await program.ended
    await until('the agents are dead', async () => {
      const left = await agentProcesses(dataDir)
      for (const { id } of left) signal(id, 'SIGKILL')
      return left.length === 0
    })
  })
  const [, port] = await program.print(/^ +(?:sealed|page) +http:\/\/0\.0\.0\.0:(\d+)\//m)
  return {
    program,
    url: `http://127.0.0.1:${port}`,
    dataDir,
    workspace,
    sealFile,
    give: async (variables) => {
      await writeFile(`${sealFile}.new`, JSON.stringify({ env: variables }), { mode: 0o600 })
      await rename(`${sealFile}.new`, sealFile)
    },
    opened: async () => void (await program.print(/^ +page +http/m)),
  }
}
