import { setTimeout as pause } from 'node:timers/promises'
import type { Rule, ScriptedClaude } from 'scripted-claude'
import { script } from '../../../support/messages.ts'
import type { ServerStart, TestServer } from '../../../support/server.ts'
import type { World } from '../../../support/test.ts'
import { createSession, type SessionUnderTest } from './session.ts'

/** A turn that says many whole messages, each `word <index>` and then filled up to `size`. */
export function blocks(prompt: string, count: number, size = 0, perSecond = Infinity): Rule {
  const pace = { deltaSize: Math.max(size, 100) }
  return {
    match: { lastUserText: { equals: prompt } },
    respond: async function* speak() {
      const startedAt = performance.now()
      for (let index = 0; index < count; index += 1) {
        const early = startedAt + (index * 1000) / perSecond - performance.now()
        if (early > 2) await pause(early)
        yield { text: wordOf(index, size), repeat: 1, each: 'block', pace }
      }
    },
  }
}

/** What such a turn says at an index. */
export function wordOf(index: number, size = 0): string {
  return `word ${index}`.padEnd(size, '.')
}

export interface Talk {
  claude: ScriptedClaude
  server: TestServer
  session: SessionUnderTest
}

/** A model with these rules, a server in front of it, and a session on that. */
export async function talk(world: World, rules: Rule[] = [], start: ServerStart = {}): Promise<Talk> {
  const claude = await world.claude({ script: script(...rules) })
  const server = await world.server({ upstream: claude.url, ...start })
  return { claude, server, session: await createSession(world, server, { id: 'talk' }) }
}

/** Ends a server at once and starts it again in the same folder. */
export async function restart(
  world: World,
  { claude, server, session }: Talk,
  { signal = 'SIGKILL', env = {} }: { signal?: NodeJS.Signals; env?: Record<string, string> } = {},
): Promise<Talk> {
  server.kill(signal)
  await server.program.ended
  const next = await world.server({ upstream: claude.url, folder: server.folder, env })
  return { claude, server: next, session: session.on(next) }
}
