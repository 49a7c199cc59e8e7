import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig, type RunningServer, startServer } from '@claude-agent/server'
import { demoScript, type Script, startScriptedClaude } from 'scripted-claude'
import { onTestFinished } from 'vitest'

/** A server with a scripted model and a home of its own. */
export interface PageServer {
  readonly url: string
  /** Ends the server; what it stored stays. */
  stop(): Promise<void>
  /** Starts it again, at the same address. */
  restart(): Promise<void>
  readWorkspaceFile(path: string): Promise<string>
}

/** Starts a server as a user would, for one test: real SDK, real CLI, real tools; only the model is scripted. */
export async function startPageServer(
  options: { token?: string; script?: Script } = {},
): Promise<PageServer> {
  const home = await mkdtemp(join(tmpdir(), 'web-page-'))
  const workspace = join(home, 'agent-workspace')
  const claude = await startScriptedClaude({ script: options.script ?? demoScript() })
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    ANTHROPIC_API_KEY: 'a-key-for-tests',
    // Nobody waits for the first message here.
    CLAUDE_AGENT_SPARES: '0',
    ANTHROPIC_BASE_URL: claude.url,
    ...(options.token === undefined ? {} : { CLAUDE_AGENT_TOKEN: options.token }),
  }
  const start = (port: string): Promise<RunningServer> =>
    startServer(readConfig(['--port', port, '--data-dir', join(home, 'data'), '--workspace', workspace], env))
  let server = await start('0')
  onTestFinished(async () => {
    await server.close()
    await claude.close()
    await rm(home, { recursive: true, force: true, maxRetries: 3 })
  })
  const { url } = server
  return {
    url,
    stop: () => server.close(),
    async restart() {
      server = await start(new URL(url).port)
    },
    readWorkspaceFile: (path) => readFile(join(workspace, path), 'utf8'),
  }
}
