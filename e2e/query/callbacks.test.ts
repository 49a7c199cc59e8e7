import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSdkMcpServer, tool } from '@anthropic-ai/claude-agent-sdk/core'
import type { HookInput, PermissionUpdate } from '@anthropic-ai/claude-agent-sdk'
import * as z from 'zod'
import { describe, expect, test } from '../sessions/support/shared.ts'
import { onServer, said, tell } from './support/sides.ts'

const FREE = { permissionMode: 'bypassPermissions', allowDangerouslySkipPermissions: true } as const

describe('callbacks of a query run in the caller’s process', () => {
  test('canUseTool: its answer counts, changed input and rules for the rest of the session included', async ({
    stage,
  }) => {
    const asked: string[] = []
    const { workspace } = stage.server
    const query = onServer(stage)({
      prompt: said('write: first.txt', 'write: second.txt'),
      options: {
        canUseTool: async (name, input, { suggestions = [], toolUseID, requestId, signal }) => {
          asked.push(name)
          expect({ toolUseID, requestId }).toEqual({
            toolUseID: expect.stringMatching(/^toolu_/),
            requestId: expect.any(String),
          })
          expect(signal.aborted).toBe(false)
          return {
            behavior: 'allow',
            updatedInput: { ...input, content: 'changed' },
            updatedPermissions: suggestions satisfies PermissionUpdate[],
          }
        },
      },
    })
    const { lines } = await tell(query)
    expect(lines.filter((line) => line.startsWith('result'))).toHaveLength(2)
    expect(await readFile(join(workspace, 'first.txt'), 'utf8')).toBe('changed')
    expect(await readFile(join(workspace, 'second.txt'), 'utf8')).toBe('written')
    expect(asked).toEqual(['Write'])
  })

  test('hooks: what they decide happens, those of a turn as in the SDK', async ({ stage }) => {
    const heard: string[] = []
    const note = async (input: HookInput): Promise<object> => {
      heard.push(input.hook_event_name)
      return {}
    }
    const { lines } = await tell(
      onServer(stage)({
        prompt: 'write: forbidden.txt',
        options: {
          ...FREE,
          hooks: {
            PreToolUse: [
              {
                matcher: 'Write',
                hooks: [
                  async (input) => {
                    heard.push(input.hook_event_name)
                    return {
                      hookSpecificOutput: {
                        hookEventName: 'PreToolUse',
                        permissionDecision: 'deny',
                        permissionDecisionReason: 'A hook of the caller forbids it.',
                      },
                    }
                  },
                ],
              },
            ],
            Stop: [{ hooks: [note] }],
          },
        },
      }),
    )
    expect(lines.at(-1)).toContain('A hook of the caller forbids it.')
    expect(existsSync(join(stage.server.workspace, 'forbidden.txt'))).toBe(false)
    expect(heard).toEqual(['PreToolUse', 'Stop'])
  })

  test('tools of an in-process MCP server: the agent gets their results', async ({ stage }) => {
    const add = tool('add', 'Adds', { a: z.number().optional() }, async () => ({
      content: [{ type: 'text', text: `counted in ${process.pid}` }],
    }))
    const { lines } = await tell(
      onServer(stage)({
        prompt: 'mcp: mcp__here__add',
        options: { ...FREE, mcpServers: { here: createSdkMcpServer({ name: 'here', tools: [add] }) } },
      }),
    )
    expect(lines.at(-1)).toContain(`counted in ${process.pid}`)
  })

  test('stderr: what the agent writes there', async ({ stage }) => {
    const heard: string[] = []
    await tell(
      onServer(stage)({
        prompt: 'Hello',
        options: { fallbackModel: 'x', betas: ['no-such-beta' as never], stderr: (text) => heard.push(text) },
      }),
    )
    expect(heard.join('')).toMatch(/beta/i)
  })
})
