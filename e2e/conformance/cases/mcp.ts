import { fileURLToPath } from 'node:url'
import type { McpServerConfig } from '@anthropic-ai/claude-agent-sdk'
import { expect } from 'vitest'
import * as z from 'zod'
import { until } from '../../support/until.ts'
import type { Case } from '../case.ts'
import { answerOf, collect, FREE, Prompts, toolResultsOf, upTo } from '../conversation.ts'

const SHOP = fileURLToPath(new URL('../../sessions/asks/elicit-server.mjs', import.meta.url))
const shop: McpServerConfig = { type: 'stdio', command: process.execPath, args: [SHOP] }
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** Tools of the program's own, and servers of others. */
export const mcp: Case[] = [
  {
    name: 'a tool of the program is called with its input, and its texts and pictures come back',
    isCore: true,
    async run({ query, tool, createSdkMcpServer, model }) {
      const given: unknown[] = []
      const weather = createSdkMcpServer({
        name: 'weather',
        version: '1.0.0',
        tools: [
          tool('forecast', 'Tells the weather', { city: z.string(), days: z.number() }, async (input) => {
            given.push(input)
            return {
              content: [
                { type: 'text', text: `${input.city}: 21 degrees` },
                { type: 'image', data: PIXEL, mimeType: 'image/png' },
              ],
            }
          }),
        ],
      })
      const prompt = model.respond('weather', ({ toolResult }) =>
        toolResult === undefined
          ? [{ toolUse: { name: 'mcp__weather__forecast', input: { city: 'Rome', days: 2 } } }]
          : [{ text: `It says ${toolResult.text}` }],
      )

      const messages = await collect(
        query({
          prompt,
          options: { mcpServers: { weather }, allowedTools: ['mcp__weather__forecast'] },
        }),
      )

      expect(given).toEqual([{ city: 'Rome', days: 2 }])
      expect(toolResultsOf(messages)[0]?.text).toContain('Rome: 21 degrees')
      expect(toolResultsOf(messages)[0]?.text).toContain('[image]')
      expect(answerOf(messages)).toContain('Rome: 21 degrees')
      const init = messages.find((message) => message.type === 'system' && message.subtype === 'init')
      expect(init).toMatchObject({ mcp_servers: [{ name: 'weather', status: 'connected' }] })
    },
  },
  {
    name: 'a tool of the program that fails, throws or is called wrongly tells the model',
    async run({ query, tool, createSdkMcpServer, model }) {
      let calls = 0
      const server = createSdkMcpServer({
        name: 'own',
        tools: [
          tool('fails', 'Gives an error', { n: z.number() }, async () => {
            calls += 1
            return { content: [{ type: 'text', text: 'It is out of order.' }], isError: true }
          }),
          tool('throws', 'Throws', {}, async () => {
            throw new Error('It broke.')
          }),
        ],
      })
      const prompt = model.answer(
        'break',
        [{ toolUse: { name: 'mcp__own__fails', input: { n: 1 } } }],
        [{ toolUse: { name: 'mcp__own__throws', input: {} } }],
        [{ toolUse: { name: 'mcp__own__fails', input: { n: 'one' } } }],
        [{ text: 'ok' }],
      )

      const messages = await collect(query({ prompt, options: { ...FREE, mcpServers: { own: server } } }))

      const results = toolResultsOf(messages)
      expect(results.map(({ isError }) => isError)).toEqual([true, true, true])
      expect(results[0]?.text).toContain('It is out of order.')
      expect(results[1]?.text).toContain('It broke.')
      expect(results[2]?.text).toMatch(/invalid/i)
      expect(calls).toBe(1)
    },
  },
  {
    name: 'tools of the program run side by side, and may take their time',
    async run({ query, tool, createSdkMcpServer, model }) {
      let running = 0
      let most = 0
      const server = createSdkMcpServer({
        name: 'own',
        tools: [
          tool(
            'wait',
            'Waits',
            { name: z.string() },
            async ({ name }) => {
              running += 1
              most = Math.max(most, running)
              await new Promise((go) => setTimeout(go, 1500))
              running -= 1
              return { content: [{ type: 'text', text: `waited ${name}` }] }
            },
            { annotations: { readOnlyHint: true } },
          ),
        ],
      })
      const prompt = model.answer(
        'both',
        [
          { toolUse: { name: 'mcp__own__wait', input: { name: 'a' } } },
          { toolUse: { name: 'mcp__own__wait', input: { name: 'b' } } },
        ],
        [{ text: 'ok' }],
      )

      const messages = await collect(query({ prompt, options: { ...FREE, mcpServers: { own: server } } }))

      expect(toolResultsOf(messages).map(({ text }) => text)).toEqual(['waited a', 'waited b'])
      expect(most).toBe(2)
    },
  },
  {
    name: 'a server that asks the user reaches onElicitation, and gets its answer',
    isCore: true,
    async run({ query, model }) {
      const asked: unknown[] = []
      const heard: string[] = []
      const note = async (input: { hook_event_name: string }): Promise<object> => {
        heard.push(input.hook_event_name)
        return {}
      }
      const prompt = model.answer(
        'order',
        [{ toolUse: { name: 'mcp__shop__order', input: {} } }],
        [{ text: 'ok' }],
      )

      const messages = await collect(
        query({
          prompt,
          options: {
            ...FREE,
            mcpServers: { shop },
            hooks: { Elicitation: [{ hooks: [note] }], ElicitationResult: [{ hooks: [note] }] },
            onElicitation: async (request) => {
              asked.push(request)
              return { action: 'accept', content: { count: 3 } }
            },
          },
        }),
      )

      expect(heard).toEqual(['Elicitation', 'ElicitationResult'])
      expect(asked).toMatchObject([{ serverName: 'shop', message: 'How many do you want?', mode: 'form' }])
      expect(toolResultsOf(messages)[0]?.text).toContain('elicited {"action":"accept","content":{"count":3}}')
    },
  },
  {
    name: 'without onElicitation a server that asks is declined',
    async run({ query, model }) {
      const prompt = model.answer(
        'order',
        [{ toolUse: { name: 'mcp__shop__order', input: {} } }],
        [{ text: 'ok' }],
      )

      const messages = await collect(query({ prompt, options: { ...FREE, mcpServers: { shop } } }))

      expect(toolResultsOf(messages)[0]?.text).toMatch(/elicited \{"action":"(cancel|decline)"\}/)
    },
  },
  {
    name: 'servers are set, switched, connected anew and told of on the way',
    async run({ query, tool, createSdkMcpServer, model }) {
      const own = createSdkMcpServer({
        name: 'own',
        tools: [
          tool('hello', 'Greets', {}, async () => ({ content: [{ type: 'text', text: 'hello from here' }] })),
        ],
      })
      const input = new Prompts(model.say('start'))
      const conversation = query({ prompt: input, options: { ...FREE, mcpServers: { shop } } })
      await upTo(conversation)
      const statusOf = async (name: string): Promise<string | undefined> =>
        (await conversation.mcpServerStatus()).find((server) => server.name === name)?.status

      expect(await statusOf('shop')).toBe('connected')
      await conversation.toggleMcpServer('shop', false)
      expect(await statusOf('shop')).toBe('disabled')
      await conversation.toggleMcpServer('shop', true)
      await conversation.reconnectMcpServer('shop')
      await until('it is connected anew', async () => (await statusOf('shop')) === 'connected')
      await conversation.setMcpPermissionModeOverride('shop', 'default')
      await conversation.setMcpServers({ own })
      input.say(
        model.answer('greet', [{ toolUse: { name: 'mcp__own__hello', input: {} } }], [{ text: 'greeted' }]),
      )
      const turn = await upTo(conversation)
      conversation.close()

      expect(toolResultsOf(turn)).toEqual([{ text: 'hello from here', isError: false }])
    },
  },
  {
    name: 'setMcpServers() tells what came and what went',
    differs: {
      query: {
        why: 'Servers of the program are served beside it, and are not in its result.',
        shows: /expected \[\] to deeply equal \[ 'own' \]/,
      },
    },
    async run({ query, createSdkMcpServer, model }) {
      const conversation = query({ prompt: new Prompts(model.say('start')) })
      await upTo(conversation)

      const set = await conversation.setMcpServers({ own: createSdkMcpServer({ name: 'own', tools: [] }) })
      const unset = await conversation.setMcpServers({})
      conversation.close()

      expect(set.added).toEqual(['own'])
      expect(unset.removed).toEqual(['own'])
    },
  },
  {
    name: 'readMcpResource() says what is wrong with a resource that is none',
    async run({ query, model }) {
      const conversation = query({
        prompt: new Prompts(model.say('start')),
        options: { ...FREE, mcpServers: { shop } },
      })
      await upTo(conversation)

      await expect(conversation.readMcpResource('shop', 'ui://nothing')).rejects.toThrow(/.+/)
      conversation.close()
    },
  },
]
