import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { helpText } from '../src/commands/help.ts'
import type { RecorderOptions, Rule, RunningServer, Step } from '../src/index.ts'
import { contentOfRead, parseScript, startRecorder, startReplay } from '../src/index.ts'
import { collect, createAgent, resultOf } from './support/agent.ts'
import { cassettePath } from './support/cassette.ts'
import { assistant, bodyOf, system, toolResult, toolUse, user } from './support/conversation.ts'
import { start, startRules, startSteps } from './support/scripted.ts'
import { ask, askText, post, streamEvents } from './support/wire.ts'

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')

/** The code blocks of the README in a language. */
function blocks(language: string): string[] {
  return Array.from(
    readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm')),
    ([, code]) => code ?? '',
  )
}

/** The README's code between two marks, as a value. */
function evaluate(code: string, scope: Record<string, unknown> = {}): unknown {
  // The examples are ours, and are run so that they cannot go stale.
  // oxlint-disable-next-line no-new-func, typescript/no-implied-eval
  return Function(...Object.keys(scope), `return ${code}`)(...Object.values(scope))
}

/** The rules in an example: the list after `rules:`, up to the line that closes it. */
function rulesIn(code: string, scope: Record<string, unknown> = {}): Rule[] {
  const found = /^( *)rules: (\[[\s\S]*?^\1\]),?$/m.exec(code)
  return evaluate(found?.[2] ?? '', scope) as Rule[]
}

test('the first example is one that a real agent passes', async () => {
  const claude = await startRules(rulesIn(blocks('ts')[0] ?? ''))
  const agent = await createAgent(claude)
  const messages = await collect(agent.query('What is the weather in Rome?'))
  expect(resultOf(messages)).toMatchObject({ subtype: 'success', result: 'It is warm.' })
  const [, afterTool] = claude.requests.filter(({ kind }) => kind === 'message')
  expect(JSON.stringify(afterTool?.body)).toContain('21 degrees')
})

test(
  'the example of record and replay records a real agent, and replays it',
  { timeout: 300_000 },
  async () => {
    const code = blocks('ts').find((block) => block.includes('startRecorder')) ?? ''
    const body = /async \(\) => \{\n([\s\S]*)^\}\)$/m.exec(code)?.[1] ?? ''
    const api = await startRules([{ steps: [{ text: 'Rome is warm.' }] }])
    const cassette = await cassettePath()
    for (const RECORD of ['1', '0']) {
      const scope = {
        cassette,
        expect,
        process: { env: { RECORD } },
        query: async function* ({
          prompt,
          options,
        }: {
          prompt: string
          options: { env: { ANTHROPIC_BASE_URL: string } }
        }) {
          const agent = await createAgent({ url: options.env.ANTHROPIC_BASE_URL } as RunningServer)
          yield* agent.query(prompt)
        },
        startRecorder: (options: RecorderOptions) => startRecorder({ ...options, upstream: api.url }),
        startReplay,
      }
      await evaluate(`(async () => {${body}})()`, scope)
    }
    expect(api.requests.filter(({ kind }) => kind === 'message')).toHaveLength(1)
  },
)

test('the example of a computed answer computes', async () => {
  const code = blocks('ts').find((block) => block.includes('count lines')) ?? ''
  const claude = await startRules(rulesIn(code, { contentOfRead }))
  expect(await ask(claude, 'how many lines has /a.txt?')).toMatchObject({
    content: [{ name: 'Read', input: { file_path: '/a.txt' } }],
  })
  const body = bodyOf([
    user('how many lines has /a.txt?'),
    assistant([toolUse('1', 'Read')]),
    user([toolResult('1', '1\ta\n2\tb\n3\tc')]),
  ])
  expect(await askText(claude, body)).toBe('3 lines')
})

test('the examples of bursts and blocks say what their comments say', async () => {
  const code = blocks('ts').find((block) => block.includes('const burst')) ?? ''
  const step = (name: string) =>
    evaluate(`(${new RegExp(`const ${name} = (\\{.*\\})`).exec(code)?.[1]})`) as Step
  const count = async (one: Step, event: string) => {
    const claude = await startSteps([one])
    return (await streamEvents(claude)).filter((seen) => seen.event === event).length
  }
  expect(await count(step('burst'), 'content_block_delta')).toBe(100_000)
  expect(await count(step('blocks'), 'content_block_start')).toBe(500)
  expect(step('paced')).toMatchObject({ repeat: 1000, pace: { deltasPerSecond: 200 } })
})

test('the JSON example does what it says', async () => {
  const claude = await start({ script: parseScript(JSON.parse(blocks('json')[0] ?? '')) })
  const here = system(' - Primary working directory: /some')
  expect(await ask(claude, bodyOf([user('Shout a.txt'), here]))).toMatchObject({
    content: [{ text: 'I read a.txt.' }, { name: 'Read', input: { file_path: '/some/a.txt' } }],
  })
  const round = (prompt: string, isError: boolean) => {
    return bodyOf([
      user(prompt),
      assistant([toolUse('1', 'Read')]),
      user([toolResult('1', '1\thush', isError)]),
    ])
  }
  expect(await askText(claude, round('shout a.txt', false))).toBe('HUSH')
  expect((await post(claude, 'busy')).status).toBe(529)
  expect(await askText(claude, 'busy')).toBe('You said: busy')
  expect(await askText(claude, round('whatever', true))).toBe('The tool failed: 1\thush')
})

test('every flag of the command is in the README, and none that it does not have', () => {
  const flagsIn = (text: string) => new Set(Array.from(text.matchAll(/--[a-z][a-z-]+/g), ([flag]) => flag))
  const section = readme.slice(readme.indexOf('## Command'))
  expect(flagsIn(section)).toEqual(flagsIn(helpText))
})

test('every field of steps, matchers, options and records is in the README', async () => {
  const source = async (path: string) => readFile(new URL(`../src/${path}`, import.meta.url), 'utf8')
  const fieldsOf = (code: string, type: string) => {
    const body = new RegExp(`interface ${type}[^{]*\\{([\\s\\S]*?)^\\}`, 'm').exec(code)?.[1] ?? ''
    return Array.from(body.matchAll(/^ {2}(?:readonly )?(\w+)[?(:]/gm), ([, name]) => name ?? '')
  }
  const steps = await source('script/step.ts')
  const scripts = await source('script/script.ts')
  const named = [
    ...Array.from(steps.matchAll(/^export interface (\w+Step)\b/gm), ([, type]) =>
      fieldsOf(steps, type ?? ''),
    ),
    ...['Pace'].map((type) => fieldsOf(steps, type)),
    ...['Match', 'ToolResultMatch', 'RuleCondition'].map((type) => fieldsOf(scripts, type)),
    fieldsOf(await source('server.ts'), 'ScriptedClaudeOptions'),
    fieldsOf(await source('exchange-server.ts'), 'ServerOptions'),
    fieldsOf(await source('exchange-server.ts'), 'RunningServer'),
    fieldsOf(await source('record/recorder.ts'), 'RecorderOptions'),
    fieldsOf(await source('record/recorder.ts'), 'Recorder'),
    fieldsOf(await source('replay/replay.ts'), 'ReplayOptions'),
    fieldsOf(await source('replay/replay.ts'), 'Replay'),
    fieldsOf(await source('request/record.ts'), 'RecordedRequest'),
    fieldsOf(await source('request/scripted-request.ts'), 'ScriptedRequest'),
  ]
  expect(named.every((fields) => fields.length > 0)).toBe(true)
  const missing = named.flat().filter((field) => !new RegExp(`\\b${field}\\b`).test(readme))
  expect(missing).toEqual([])
})
