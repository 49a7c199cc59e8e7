import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig, startServer, type RunningServer } from '@claude-agent/server'
import { demoScript, startScriptedClaude, type Script, type ScriptedClaude } from 'scripted-claude'
import { onTestFinished } from 'vitest'

export interface Product {
  readonly url: string
  readonly workspace: string
  readonly model: ScriptedClaude
  close(): Promise<void>
  /** Starts a server anew with the same folders, at the same address. */
  restart(): Promise<void>
}

/** The real server with the real SDK on a scripted model; gone when the test ends. */
export async function startProduct(options: { token?: string; script?: Script } = {}): Promise<Product> {
  const folder = await mkdtemp(join(tmpdir(), 'client-product-'))
  const workspace = join(folder, 'workspace')
  const model = await startScriptedClaude({ script: options.script ?? demoScript() })
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: folder,
    ANTHROPIC_API_KEY: 'sk-ant-of-a-test',
    // Nobody waits for the first message here.
    CLAUDE_AGENT_SPARES: '0',
    ANTHROPIC_BASE_URL: model.url,
    ...(options.token === undefined ? {} : { CLAUDE_AGENT_TOKEN: options.token }),
  }
  const start = (port: string): Promise<RunningServer> =>
    startServer(
      readConfig(['--port', port, '--data-dir', join(folder, 'data'), '--workspace', workspace], env),
    )
  let server = await start('0')
  onTestFinished(async () => {
    await server.close()
    await model.close()
    await rm(folder, { recursive: true, force: true })
  })
  return {
    url: server.url,
    workspace,
    model,
    close: () => server.close(),
    async restart() {
      server = await start(new URL(server.url).port)
    },
  }
}
