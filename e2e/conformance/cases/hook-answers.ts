import { access } from 'node:fs/promises'
import { expect } from 'vitest'
import type { Case } from '../case.ts'
import { answerOf, collect, FREE, Prompts, toolResultsOf, upTo } from '../conversation.ts'

const exists = async (path: string): Promise<boolean> =>
  await access(path).then(
    () => true,
    () => false,
  )

/** What hooks say, and what comes of it. */
export const hookAnswers: Case[] = [
  {
    name: 'PreToolUse hooks deny, change input and allow, each by its matcher',
    async run({ query, model, file }) {
      const seen: (string | undefined)[] = []
      const prompt = model.answer(
        'three',
        [{ toolUse: { name: 'Bash', input: { command: `touch ${file('a')}` }, id: 'toolu_denied' } }],
        [{ toolUse: { name: 'Write', input: { file_path: file('b'), content: '' } } }],
        [{ text: 'ok' }],
      )

      const messages = await collect(
        query({
          prompt,
          options: {
            hooks: {
              PreToolUse: [
                {
                  matcher: 'Bash',
                  hooks: [
                    async (_input, toolUseId) => {
                      seen.push(toolUseId)
                      return {
                        hookSpecificOutput: {
                          hookEventName: 'PreToolUse',
                          permissionDecision: 'deny',
                          permissionDecisionReason: 'No shell here.',
                        },
                      }
                    },
                  ],
                },
                {
                  matcher: 'Write|Edit',
                  hooks: [
                    async () => ({
                      hookSpecificOutput: {
                        hookEventName: 'PreToolUse',
                        permissionDecision: 'allow',
                        updatedInput: { file_path: file('c'), content: 'by the hook' },
                      },
                    }),
                  ],
                },
              ],
            },
          },
        }),
      )

      expect(seen).toEqual(['toolu_denied'])
      expect(toolResultsOf(messages)[0]).toMatchObject({
        text: expect.stringContaining('No shell here.'),
        isError: true,
      })
      expect(await Promise.all([file('a'), file('b'), file('c')].map(exists))).toEqual([false, false, true])
    },
  },
  {
    name: 'hooks add context, that the model reads',
    async run({ query, model }) {
      const prompt = model.answer(
        'context',
        [{ toolUse: { name: 'Bash', input: { command: 'true' } } }],
        [{ text: 'ok' }],
      )

      await collect(
        query({
          prompt,
          options: {
            ...FREE,
            hooks: {
              UserPromptSubmit: [
                {
                  hooks: [
                    async () => ({
                      hookSpecificOutput: {
                        hookEventName: 'UserPromptSubmit',
                        additionalContext: 'It is raining.',
                      },
                    }),
                  ],
                },
              ],
              PostToolUse: [
                {
                  hooks: [
                    async () => ({
                      hookSpecificOutput: {
                        hookEventName: 'PostToolUse',
                        additionalContext: 'It was quick.',
                      },
                    }),
                  ],
                },
              ],
            },
          },
        }),
      )

      const bodies = model.bodiesOf('context').map((body) => JSON.stringify(body.messages))
      expect(bodies[0]).toContain('It is raining.')
      expect(bodies.at(-1)).toContain('It was quick.')
    },
  },
  {
    name: 'a hook blocks a prompt, and another sends the agent on when it would stop',
    async run({ query, model }) {
      const input = new Prompts(model.say('blocked'))
      let stops = 0
      const conversation = query({
        prompt: input,
        options: {
          hooks: {
            UserPromptSubmit: [
              {
                hooks: [
                  async (given) =>
                    given.hook_event_name === 'UserPromptSubmit' && given.prompt.includes('blocked')
                      ? { decision: 'block', reason: 'Not that.' }
                      : {},
                ],
              },
            ],
            Stop: [
              {
                hooks: [
                  async () => {
                    stops += 1
                    return stops === 1 ? { decision: 'block', reason: 'One thing more.' } : {}
                  },
                ],
              },
            ],
          },
        },
      })

      const refused = await upTo(conversation)
      expect(JSON.stringify(refused)).toContain('Not that.')
      expect(model.bodiesOf('blocked')).toEqual([])
      input.say(model.say('free'))
      await upTo(conversation)
      conversation.close()

      expect(stops).toBe(2)
      expect(JSON.stringify(model.requests.at(-1)?.body.messages)).toContain('One thing more.')
    },
  },
  {
    name: 'a hook that throws stops nothing, and includeHookEvents tells of hooks',
    async run({ query, model }) {
      const prompt = model.answer(
        'work',
        [{ toolUse: { name: 'Bash', input: { command: 'echo fine' } } }],
        [{ text: 'done' }],
      )

      const messages = await collect(
        query({
          prompt,
          options: {
            ...FREE,
            includeHookEvents: true,
            hooks: {
              PreToolUse: [
                {
                  hooks: [
                    async () => {
                      throw new Error('My hook is broken.')
                    },
                  ],
                },
              ],
            },
            settings: { hooks: { Stop: [{ hooks: [{ type: 'command', command: 'echo stopping' }] }] } },
          },
        }),
      )

      expect(answerOf(messages)).toBe('done')
      const told = messages.flatMap((message) => (message.type === 'system' ? [message] : []))
      expect(told.map(({ subtype }) => subtype)).toEqual(
        expect.arrayContaining(['hook_started', 'hook_response']),
      )
    },
  },
]
