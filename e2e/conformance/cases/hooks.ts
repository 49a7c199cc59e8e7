import { HOOK_EVENTS, type HookEvent, type HookInput } from '@anthropic-ai/claude-agent-sdk'
import { expect } from 'vitest'
import type { Case } from '../case.ts'
import { collect, FREE, Prompts, upTo } from '../conversation.ts'
import { listenTo } from '../listener.ts'

/** Hooks run in the program, at each event. */
export const hooks: Case[] = [
  {
    name: 'hooks hear of the prompt, the tools and the stop, in order',
    isCore: true,
    async run({ query, model }) {
      const { heard, hooks, events } = listenTo(
        'SessionStart',
        'UserPromptSubmit',
        'PreToolUse',
        'PostToolUse',
        'PostToolUseFailure',
        'PostToolBatch',
        'MessageDisplay',
        'Stop',
        'SessionEnd',
      )
      const prompt = model.answer(
        'work',
        [{ toolUse: { name: 'Bash', input: { command: 'echo fine' } } }],
        [{ toolUse: { name: 'Bash', input: { command: 'exit 4' } } }],
        [{ text: 'done' }],
      )

      await collect(query({ prompt, options: { ...FREE, hooks } }))

      const story = events().filter((event) => event !== 'MessageDisplay')
      expect(story.slice(0, 8)).toEqual([
        'UserPromptSubmit',
        'PreToolUse',
        'PostToolUse',
        'PostToolBatch',
        'PreToolUse',
        'PostToolUseFailure',
        'PostToolBatch',
        'Stop',
      ])
      const of = (event: HookEvent): HookInput | undefined =>
        heard.find((input) => input.hook_event_name === event)
      expect(of('UserPromptSubmit')).toMatchObject({ prompt })
      expect(of('PreToolUse')).toMatchObject({ tool_name: 'Bash', tool_input: { command: 'echo fine' } })
      expect(of('PostToolUse')).toMatchObject({ tool_response: { stdout: 'fine' } })
      expect(of('PostToolUseFailure')).toMatchObject({ error: expect.stringContaining('4') })
      expect(of('Stop')).toMatchObject({ last_assistant_message: 'done' })
      expect(new Set(heard.map(({ session_id }) => session_id)).size).toBe(1)
    },
  },
  {
    name: 'compaction, permissions, models and failures have hooks too',
    async run({ query, model, file }) {
      const { heard, hooks, events } = listenTo(...HOOK_EVENTS)
      const input = new Prompts(
        model.answer(
          'run',
          [{ toolUse: { name: 'Bash', input: { command: `touch ${file('x')}` } } }],
          [{ text: 'ok' }],
        ),
      )
      const conversation = query({
        prompt: input,
        options: {
          canUseTool: async () => ({ behavior: 'deny', message: 'No.' }),
          hooks,
        },
      })
      await upTo(conversation)
      await conversation.setModel('claude-haiku-4-5')
      input.say(model.say('another'))
      await upTo(conversation)
      input.say('/compact')
      const compacted = await upTo(conversation)
      input.say(model.answer('bad', [{ error: { status: 400, message: 'Bad.' } }]))
      await upTo(conversation)
      conversation.close()

      expect(compacted.map((message) => ('subtype' in message ? message.subtype : ''))).toContain(
        'compact_boundary',
      )
      expect(events()).toEqual(
        expect.arrayContaining(['PermissionRequest', 'PreCompact', 'PostCompact', 'StopFailure']),
      )
      expect(heard.find(({ hook_event_name: event }) => event === 'PreCompact')).toMatchObject({
        trigger: 'manual',
      })
    },
  },
]
