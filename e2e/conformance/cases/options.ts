import { mkdir, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { expect } from 'vitest'
import type { Case } from '../case.ts'
import { answerOf, collect, FREE, resultOf, toolResultsOf } from '../conversation.ts'

/** What a query is started with, and where it shows. */
export const options: Case[] = [
  {
    name: 'systemPrompt is what the model reads: a text, or that of Claude Code with one more',
    async run({ query, model }) {
      await collect(query({ prompt: model.say('plain'), options: { systemPrompt: 'You are a pirate.' } }))
      await collect(
        query({
          prompt: model.say('preset'),
          options: { systemPrompt: { type: 'preset', preset: 'claude_code', append: 'Be a pirate.' } },
        }),
      )

      const plain = JSON.stringify(model.bodiesOf('plain')[0]?.system)
      const preset = JSON.stringify(model.bodiesOf('preset')[0]?.system)
      expect(plain).toContain('You are a pirate.')
      expect(plain.length).toBeLessThan(2000)
      expect(preset).toContain('Be a pirate.')
      expect(preset.length).toBeGreaterThan(5000)
    },
  },
  {
    name: 'model, effort and thinking reach the request; settings and env reach the commands',
    isCore: true,
    async run({ query, model }) {
      const prompt = model.answer(
        'env',
        [{ toolUse: { name: 'Bash', input: { command: 'echo "$ONE and $TWO"' } } }],
        [{ text: 'ok' }],
      )

      const messages = await collect(
        query({
          prompt,
          options: {
            ...FREE,
            model: 'claude-sonnet-4-5',
            thinking: { type: 'disabled' },
            env: { ONE: 'one' },
            settings: { env: { TWO: 'two' } },
            title: 'A title',
          },
        }),
      )

      expect(toolResultsOf(messages)[0]?.text).toBe('one and two')
      const [body] = model.bodiesOf('env')
      expect(body?.model).toContain('claude-sonnet-4-5')
      expect(body?.['thinking']).not.toMatchObject({ type: 'enabled' })
      const init = messages.find((message) => message.type === 'system' && message.subtype === 'init')
      expect(init).toMatchObject({
        model: expect.stringContaining('claude-sonnet-4-5'),
        permissionMode: 'bypassPermissions',
      })
    },
  },
  {
    name: 'cwd is where the agent works',
    differs: {
      browser: { why: 'It has no such option, and its session takes none.', shows: /'cwd' may not be set/ },
    },
    async run({ query, model, workspace }) {
      const prompt = model.answer(
        'where',
        [{ toolUse: { name: 'Bash', input: { command: 'pwd' } } }],
        [{ text: 'ok' }],
      )

      const messages = await collect(query({ prompt, options: { ...FREE, cwd: workspace } }))

      expect(toolResultsOf(messages)[0]?.text).toBe(workspace)
    },
  },
  {
    name: 'stderr is what the process of the agent writes there',
    differs: { browser: { why: 'It has no such option.', shows: /expected '' not to be ''/ } },
    async run({ query, model }) {
      const told: string[] = []
      const prompt = model.say('hello')

      const messages = await collect(
        query({
          prompt,
          options: {
            stderr: (text) => told.push(text),
            betas: ['no-such-beta' as 'context-1m-2025-08-07'],
          },
        }),
      )

      expect(answerOf(messages)).toBe('echo: hello')
      expect(told.join('')).not.toBe('')
    },
  },
  {
    name: 'skills, plugins and commands of the workspace are the agent’s',
    async run({ query, model, file }) {
      const path = file('plugin')
      await mkdir(`${path}/.claude-plugin`, { recursive: true })
      await mkdir(`${path}/commands`)
      await writeFile(`${path}/.claude-plugin/plugin.json`, '{"name":"pirate","version":"1.0.0"}')
      await writeFile(
        `${path}/commands/hail.md`,
        `---\ndescription: Hails\n---\n${model.say('hail')} $ARGUMENTS`,
      )
      const prompt = '/pirate:hail ships'

      const expanded: string[] = []
      const messages = await collect(
        query({
          prompt,
          options: {
            plugins: [{ type: 'local', path: `./${basename(path)}` }],
            hooks: {
              UserPromptExpansion: [
                {
                  hooks: [
                    async (input) => {
                      if (input.hook_event_name === 'UserPromptExpansion') expanded.push(input.command_name)
                      return {}
                    },
                  ],
                },
              ],
            },
          },
        }),
      )

      expect(expanded).toEqual(['pirate:hail'])
      expect(resultOf(messages)).toMatchObject({ result: 'echo: hail ships' })
      const init = messages.find((message) => message.type === 'system' && message.subtype === 'init')
      expect(JSON.stringify(init)).toContain('pirate')
    },
  },
  {
    name: 'promptSuggestions bring a likely next prompt',
    async run({ query, model }) {
      const prompt = model.say('suggest')

      const messages = await collect(query({ prompt, options: { promptSuggestions: true } }))

      expect(answerOf(messages)).toBe('echo: suggest')
    },
  },
]
