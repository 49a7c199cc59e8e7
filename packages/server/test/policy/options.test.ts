import { REMOTE_OPTIONS } from '@claude-agent/protocol'
import { expect, test } from 'vitest'
import { OPTIONS } from '../../src/policy/options.ts'
import { SETTINGS } from '../../src/policy/settings.ts'
import { refusalOf } from './errors.ts'

const names = (set: string): string[] =>
  Object.entries(OPTIONS)
    .filter(([, rule]) => rule.set === set)
    .map(([name]) => name)

test('the list of remote options that clients see is the list of the policy', () => {
  expect(names('remote').sort()).toEqual([...REMOTE_OPTIONS].sort())
})

test('all 70 options of the pinned SDK have a place and a reason', () => {
  expect(Object.keys(OPTIONS)).toHaveLength(70)
  for (const rule of Object.values(OPTIONS)) expect(rule.why).toMatch(/^[A-Z].{5,}\.$/)
})

test('no option that is code may be set from outside', () => {
  const code =
    'abortController canUseTool hooks onElicitation onUserDialog sessionStore spawnClaudeCodeProcess stderr'
  for (const name of code.split(' '))
    expect(OPTIONS[name as keyof typeof OPTIONS].set, name).not.toBe('remote')
})

test.each(
  [
    ['the program that the server starts', 'pathToClaudeCodeExecutable executable executableArgs extraArgs'],
    [
      'the conversation',
      'resume continue forkSession sessionId resumeSessionAt resumeDropsTurn persistSession',
    ],
    ['a path of the machine', 'cwd debugFile additionalDirectories projectConfigRoot'],
    [
      'what the server owns',
      'allowDangerouslySkipPermissions managedSettings mcpServersDelivery permissionPromptToolName',
    ],
  ].flatMap(([what = '', list = '']) => list.split(' ').map((name) => ({ what, name }))),
)('$what is not chosen from outside: $name is refused by name', ({ name }) => {
  for (const value of [true, 'x', {}, ['x']]) {
    expect(refusalOf({ [name]: value })).toMatchObject({
      code: 'option_refused',
      message: `'${name}' may not be set from outside. ${OPTIONS[name as keyof typeof OPTIONS].why}`,
    })
  }
})

test('every setting that names a command outside of the permission system is refused by name', () => {
  const helpers = Object.keys(SETTINGS).filter((name) =>
    /Helper|AuthRefresh|Export$|Wrapper|Command|tatusLine/.test(name),
  )
  const switches = new Set([
    'disableWindowsBashCommandSplit',
    'respondToBashCommands',
    'disableCommandPluginSources',
  ])
  const commands = helpers.filter((name) => !switches.has(name))
  expect(commands).toEqual(
    expect.arrayContaining([
      'apiKeyHelper',
      'awsAuthRefresh',
      'awsCredentialExport',
      'gcpAuthRefresh',
      'otelHeadersHelper',
    ]),
  )
  for (const name of [...commands, 'fileSuggestion']) {
    for (const value of ['x', { type: 'command', command: 'x' }, { path: '/x' }, ['x']]) {
      expect(refusalOf({ settings: { [name]: value } }).code, name).toBe('option_refused')
    }
  }
})

test('every setting of the SDK has a schema that judges any value without throwing', () => {
  const values = [undefined, null, 5, 'x', true, [], ['x'], {}, { a: { b: [1] } }]
  expect(Object.keys(SETTINGS).length).toBeGreaterThan(180)
  for (const schema of Object.values(SETTINGS)) for (const value of values) schema.safeParse(value)
})
