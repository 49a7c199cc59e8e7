import type { ScriptedClaude } from 'scripted-claude'
import { test as base } from 'vitest'
import type { TestServer } from '../../support/server.ts'
import { World } from '../../support/test.ts'
import { model } from './model.ts'

export { describe, expect } from 'vitest'

/** A model and a server in front of it, with no agents but those of sessions. */
export interface Stage {
  claude: ScriptedClaude
  server: TestServer
}

export async function setStage(world: World, env: Record<string, string> = {}): Promise<Stage> {
  const claude = await world.claude({ script: model() })
  return { claude, server: await world.server({ upstream: claude.url, env: env }) }
}

/** Starts a server anew in the folder of one that has ended. */
export async function restart(
  world: World,
  { claude, server }: Stage,
  env: Record<string, string> = {},
): Promise<Stage> {
  await server.program.ended
  const { folder } = server
  return { claude, server: await world.server({ upstream: claude.url, folder, env: env }) }
}

/** Ends a server at once, and starts it anew. */
export async function crash(world: World, stage: Stage, env: Record<string, string> = {}): Promise<Stage> {
  stage.server.kill('SIGKILL')
  return await restart(world, stage, env)
}

/** Tests that share one server in their file, each with sessions of its own. */
export const test = base.extend<{ $file: { stage: Stage }; $test: { world: World } }>({
  stage: [
    // oxlint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const world = new World()
      try {
        await use(await setStage(world))
      } finally {
        await world.dispose()
      }
    },
    { scope: 'file' },
  ],
  // oxlint-disable-next-line no-empty-pattern
  world: async ({}, use) => {
    const world = new World()
    try {
      await use(world)
    } finally {
      await world.dispose()
    }
  },
})
