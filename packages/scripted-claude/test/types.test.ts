import { expectTypeOf, test } from 'vitest'
import type {
  Match,
  RecordedRequest,
  Respond,
  Rule,
  ScriptedClaude,
  ScriptedClaudeOptions,
  ScriptedRequest,
  Step,
  TextPattern,
  ToolResult,
} from '../src/index.ts'
import type { demoScript, loadScript, parseScript, startScriptedClaude } from '../src/index.ts'

test('a rule has exactly one way to answer', () => {
  expectTypeOf<{ steps: [] }>().toExtend<Rule>()
  expectTypeOf<{ answers: [] }>().toExtend<Rule>()
  expectTypeOf<{ respond: () => [] }>().toExtend<Rule>()
  expectTypeOf<{
    match: { lastUserText: RegExp }
    when: () => boolean
    times: 1
    steps: []
  }>().toExtend<Rule>()
  expectTypeOf<{ match: { lastUserText: RegExp } }>().not.toExtend<Rule>()
})

test('respond may give a list, a promise of one, or a generator', () => {
  expectTypeOf<() => Step[]>().toExtend<Respond>()
  expectTypeOf<() => Promise<Step[]>>().toExtend<Respond>()
  expectTypeOf<() => Generator<Step>>().toExtend<Respond>()
  expectTypeOf<(request: ScriptedRequest) => AsyncGenerator<Step>>().toExtend<Respond>()
  expectTypeOf<() => string>().not.toExtend<Respond>()
})

test('steps are told apart by their main field', () => {
  expectTypeOf<{ text: string }>().toExtend<Step>()
  expectTypeOf<{ text: (repetition: number) => string; repeat: number }>().toExtend<Step>()
  expectTypeOf<{ toolUse: { name: string; input: { command: string } } }>().toExtend<Step>()
  expectTypeOf<{ error: { status: 529 } }>().toExtend<Step>()
  expectTypeOf<{ cut: 'mid-event' }>().toExtend<Step>()
  expectTypeOf<{ cut: 'somewhere' }>().not.toExtend<Step>()
  expectTypeOf<{ toolUse: { input: object } }>().not.toExtend<Step>()
  expectTypeOf<{ error: { type: 'api_error' } }>().not.toExtend<Step>()
  expectTypeOf<{ stopReason: 'tired' }>().not.toExtend<Step>()
})

test('patterns are strings, expressions or their JSON', () => {
  expectTypeOf<TextPattern>().toEqualTypeOf<
    string | RegExp | { regex: string; flags?: string } | { equals: string }
  >()
  expectTypeOf<Match['toolResult']>().extract<boolean>().toEqualTypeOf<boolean>()
})

test('what a rule is given is read-only and complete', () => {
  expectTypeOf<ScriptedRequest['toolResult']>().toEqualTypeOf<ToolResult | undefined>()
  expectTypeOf<ScriptedRequest['captures']>().toEqualTypeOf<readonly string[]>()
  expectTypeOf<ScriptedRequest['workingDirectory']>().toEqualTypeOf<string | undefined>()
})

test('the entry points have these shapes', () => {
  expectTypeOf<Parameters<typeof startScriptedClaude>[0]>().toEqualTypeOf<ScriptedClaudeOptions | undefined>()
  expectTypeOf<ReturnType<typeof startScriptedClaude>>().toEqualTypeOf<Promise<ScriptedClaude>>()
  expectTypeOf<ScriptedClaude['requests']>().toEqualTypeOf<readonly RecordedRequest[]>()
  expectTypeOf<typeof parseScript>().parameters.toEqualTypeOf<[value: unknown]>()
  expectTypeOf<typeof loadScript>().parameter(0).toBeString()
  expectTypeOf<typeof demoScript>().parameters.toEqualTypeOf<[]>()
})
