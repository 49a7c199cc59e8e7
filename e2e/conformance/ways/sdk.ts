import { mkdir, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import * as sdk from '@anthropic-ai/claude-agent-sdk'
import { makeFolder, removeFolder } from '../../support/folder.ts'
import type { Way } from './way.ts'

/** The SDK alone: the agent is a child of the program's process. Each case has a home and a workspace. */
export const bareSdk: Way = {
  name: 'sdk',
  async open(model) {
    const folder = await makeFolder()
    const variables = {
      PATH: process.env['PATH'],
      ANTHROPIC_API_KEY: 'conformance-key',
      ANTHROPIC_BASE_URL: model.url,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_TELEMETRY: '1',
      IS_SANDBOX: '1',
    }
    return {
      async ground() {
        const place = await mkdtemp(join(folder, 'case-'))
        const [home, workspace] = [join(place, 'home'), join(place, 'workspace')]
        await mkdir(home)
        await mkdir(workspace)
        const { query, tool, createSdkMcpServer, AbortError } = sdk
        return {
          tool,
          createSdkMcpServer,
          AbortError,
          workspace,
          query: ({ prompt, options }) => {
            const env = { ...variables, HOME: home, ...options?.env }
            return query({ prompt, options: { cwd: workspace, ...options, env } })
          },
        }
      },
      close: async () => await removeFolder(folder),
    }
  },
}
