import { expect } from 'vitest'
import type { Case } from '../case.ts'
import { FREE, Prompts, toolResultsOf, upTo } from '../conversation.ts'

/** Methods of the query that ask and set. */
export const calls: Case[] = [
  {
    name: 'the query tells what the agent can do',
    async run({ query, model }) {
      const conversation = query({
        prompt: new Prompts(model.say('hello')),
        options: { agents: { finder: { description: 'Finds things', prompt: 'You find.' } } },
      })
      const init = await conversation.initializationResult()
      await upTo(conversation)

      expect(init.commands.length).toBeGreaterThan(0)
      expect(await conversation.supportedCommands()).toEqual(
        expect.arrayContaining([expect.objectContaining({ name: 'compact' })]),
      )
      expect((await conversation.supportedModels()).length).toBeGreaterThan(0)
      expect(await conversation.supportedAgents()).toEqual(
        expect.arrayContaining([expect.objectContaining({ name: 'finder' })]),
      )
      expect(await conversation.accountInfo()).toBeTypeOf('object')
      expect(await conversation.mcpServerStatus()).toEqual([])
      expect(await conversation.getContextUsage()).toMatchObject({ totalTokens: expect.any(Number) })
      expect(await conversation.usage_EXPERIMENTAL_MAY_CHANGE_DO_NOT_RELY_ON_THIS_API_YET()).toBeTypeOf(
        'object',
      )
      conversation.close()
    },
  },
  {
    name: 'model, thinking and settings change on the way',
    isCore: true,
    async run({ query, model }) {
      const input = new Prompts(model.say('one'))
      const conversation = query({ prompt: input, options: { ...FREE, model: 'claude-sonnet-4-5' } })
      await upTo(conversation)

      await conversation.setModel('claude-haiku-4-5')
      await conversation.setMaxThinkingTokens(2048)
      await conversation.applyFlagSettings({ env: { COLOUR: 'blue' } })
      input.say(
        model.respond('two', ({ toolResult }) =>
          toolResult === undefined
            ? [{ toolUse: { name: 'Bash', input: { command: 'echo "$COLOUR"' } } }]
            : [{ text: toolResult.text }],
        ),
      )
      const turn = await upTo(conversation)
      conversation.close()

      expect(model.bodiesOf('one')[0]?.model).toContain('sonnet')
      const [second] = model.bodiesOf('two')
      expect(second?.model).toContain('haiku')
      expect(second?.['thinking']).toMatchObject({ type: 'enabled' })
      expect(toolResultsOf(turn)[0]?.text).toBe('blue')
    },
  },
  {
    name: 'plugins, skills and output styles are read again',
    async run({ query, model }) {
      const conversation = query({ prompt: new Prompts(model.say('hello')) })
      await upTo(conversation)

      expect(await conversation.reloadPlugins()).toMatchObject({ plugins: expect.any(Array) })
      expect(await conversation.reloadSkills()).toMatchObject({ skills: expect.any(Array) })
      expect(await conversation.reloadOutputStyles()).toBeTypeOf('object')
      conversation.close()
    },
  },
  {
    name: 'reinitialize() tells again what the agent can do',
    differs: {
      query: {
        why: 'Refused: a connection that was lost is taken up again by itself.',
        shows: /'reinitialize' has no place over the network/,
      },
    },
    async run({ query, model }) {
      const conversation = query({ prompt: new Prompts(model.say('hello')) })
      await upTo(conversation)

      expect(await conversation.reinitialize()).toMatchObject({ commands: expect.any(Array) })
      conversation.close()
    },
  },
  {
    name: 'updateSettings() writes those settings that may be written, and refuses others',
    async run({ query, model }) {
      const conversation = query({ prompt: new Prompts(model.say('hello')) })
      await upTo(conversation)

      await expect(conversation.updateSettings('localSettings', { noSuchSetting: 1 })).rejects.toThrow(/.+/)
      conversation.close()
    },
  },
]
