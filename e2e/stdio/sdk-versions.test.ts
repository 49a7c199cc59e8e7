import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Sdk from '@anthropic-ai/claude-agent-sdk'
import { remoteProcess } from '@claude-agent/client/spawn'
import { requestsWith } from '../sessions/support/model.ts'
import { expect, test } from '../sessions/support/shared.ts'
import { collect, resultsOf } from './support/sdk.ts'

const { TEST_SDK_FOLDER: folder, TEST_SDK_VERSIONS: versions = 'every version' } = process.env
const reason = folder === undefined ? ' (skipped: npm run test:sdk-versions brings them)' : ''

test.skipIf(folder === undefined).for(versions.split(','))(
  `the official SDK in version %s works unmodified${reason}`,
  { timeout: 180_000 },
  async (version, { stage }) => {
    const entry = join(folder!, version, 'node_modules/@anthropic-ai/claude-agent-sdk/sdk.mjs')
    const sdk = (await import(pathToFileURL(entry).href)) as typeof Sdk
    expect(entry).toContain(version)
    const called: string[] = []
    const ping = sdk.tool('ping', 'Answers', {}, async () => ({ content: [{ type: 'text', text: 'pong' }] }))
    const options: Sdk.Options = {
      // Its own CLI is not installed, and not looked for.
      pathToClaudeCodeExecutable: 'claude',
      spawnClaudeCodeProcess: remoteProcess({ url: stage.server.url }),
      mcpServers: { own: sdk.createSdkMcpServer({ name: 'own', tools: [ping] }) },
      canUseTool: async (name, input) => {
        called.push(name)
        return { behavior: 'allow', updatedInput: input }
      },
      hooks: {
        PreToolUse: [
          {
            hooks: [
              async ({ hook_event_name }) => {
                called.push(hook_event_name)
                return {}
              },
            ],
          },
        ],
      },
    }
    const first = await collect(sdk.query({ prompt: 'mcp: mcp__own__ping', options }))
    expect(resultsOf(first)[0]).toContain('pong')
    expect(called).toEqual(['PreToolUse', 'mcp__own__ping'])
    const { session_id } = first.at(-1)!
    const text = `again with ${version}`
    const second = await collect(sdk.query({ prompt: text, options: { ...options, resume: session_id! } }))
    expect(resultsOf(second)).toEqual([`echo: ${text}`])
    expect(JSON.stringify(requestsWith(stage.claude, text).at(-1)?.body)).toContain('pong')
    const types = [...first, ...second].map(({ type }) => type)
    expect(new Set(types)).toEqual(new Set(['system', 'assistant', 'user', 'result']))
  },
)
