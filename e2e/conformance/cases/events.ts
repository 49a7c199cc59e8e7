import { mkdir, writeFile } from 'node:fs/promises'
import { expect } from 'vitest'
import type { Case } from '../case.ts'
import { collect, FREE, Prompts, shapeOf, upTo } from '../conversation.ts'
import { listenTo } from '../listener.ts'

/** What happens around the turns, and is told to hooks. */
export const events: Case[] = [
  {
    name: 'hooks hear of instructions that are read on the way',
    async run({ query, model, file }) {
      const { heard, hooks } = listenTo('InstructionsLoaded')
      const folder = file('part')
      await mkdir(folder)
      await writeFile(`${folder}/CLAUDE.md`, 'Be brief.')
      await writeFile(`${folder}/notes.txt`, 'notes')
      const prompt = model.answer(
        'go',
        [{ toolUse: { name: 'Read', input: { file_path: `${folder}/notes.txt` } } }],
        [{ text: 'ok' }],
      )

      await collect(query({ prompt, options: { ...FREE, hooks } }))

      expect(heard).toMatchObject([{ file_path: `${folder}/CLAUDE.md`, memory_type: 'Project' }])
    },
  },
  {
    name: 'hooks make worktrees',
    async run({ query, model, file }) {
      const folder = file('tree')
      await mkdir(folder)
      const prompt = model.answer(
        'tree',
        [
          {
            toolUse: {
              name: 'Agent',
              input: {
                subagent_type: 'general-purpose',
                description: 'works apart',
                prompt: model.say('apart'),
                isolation: 'worktree',
                run_in_background: false,
              },
            },
          },
        ],
        [{ text: 'ok' }],
      )
      const made: string[] = []

      await collect(
        query({
          prompt,
          options: {
            ...FREE,
            hooks: {
              WorktreeCreate: [
                {
                  hooks: [
                    async (input) => {
                      made.push(input.hook_event_name)
                      return {
                        hookSpecificOutput: { hookEventName: 'WorktreeCreate', worktreePath: folder },
                      }
                    },
                  ],
                },
              ],
            },
          },
        }),
      )

      expect(made).toEqual(['WorktreeCreate'])
    },
  },
  {
    name: 'a model that refuses is told of',
    async run({ query, model }) {
      model.otherwise(() => [{ stopReason: 'refusal' }])
      const conversation = query({
        prompt: new Prompts(model.say('refuse')),
        options: {
          model: 'claude-fable-5',
          supportedDialogKinds: ['refusal_fallback_prompt'],
          onUserDialog: async () => ({ behavior: 'cancelled' }),
        },
      })

      const turn = await upTo(conversation)
      conversation.close()

      expect(turn.map(shapeOf)).toEqual(
        expect.arrayContaining(['system/informational', 'system/model_refusal_no_fallback']),
      )
      expect(turn.at(-1)).toMatchObject({ is_error: true, stop_reason: 'refusal' })
    },
  },
]
