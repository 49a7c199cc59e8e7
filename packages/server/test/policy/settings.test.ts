import { expect, test } from 'vitest'
import { acceptConfig } from '../../src/policy/accept-config.ts'
import { refusalOf } from './errors.ts'

test.each([
  { theme: 'dark', verbose: true, outputStyle: 'x', language: 'de' },
  { permissions: { allow: ['Bash(git *)'], deny: [], ask: ['Read'], defaultMode: 'plan' } },
  { attribution: false },
  { attribution: { commit: '', pr: 'x', sessionUrl: false } },
  { skillOverrides: { pdf: 'off' }, modelOverrides: { a: 'b' } },
  { autoMode: { allow: ['x'], classifyAllShell: true } },
  {
    hooks: {
      PreToolUse: [{ hooks: [{ type: 'mcp_tool', server: 's', tool: 't', input: { a: 1 } }] }],
      Tomorrow: [],
    },
  },
  {
    hooks: {
      Stop: [
        {
          matcher: '*',
          hooks: [
            { type: 'prompt', prompt: 'p' },
            { type: 'agent', prompt: 'p' },
          ],
        },
      ],
    },
  },
  { sandbox: { enabled: true, credentials: { envVars: [{ name: 'A', mode: 'mask', injectHosts: ['h'] }] } } },
  { effortLevel: 'tomorrow', modelPricing: { multiplier: 0.5 } },
])('settings that Claude Code takes are accepted and kept whole: %j', (settings) => {
  expect(acceptConfig({ settings }, {})).toEqual({ settings })
})

test.each([
  [{ verbose: 'yes' }, "'settings.verbose' must be true or false"],
  [{ language: 5 }, "'settings.language' must be a string"],
  [{ skillListingBudgetFraction: 2 }, "'settings.skillListingBudgetFraction' must be at most 1"],
  [{ permissions: { defaultMode: 'x' } }, "'settings.permissions.defaultMode' must be one of"],
  [{ permissions: { tomorrow: 1 } }, "does not know 'settings.permissions.tomorrow'"],
  [
    { hooks: { Stop: [{ hooks: [{ type: 'command' }] }] } },
    "'settings.hooks.Stop[0].hooks[0].command' must be a string",
  ],
  [
    { hooks: { Stop: [{ hooks: [{ type: 'command', command: 'x', timeout: 0 }] }] } },
    ".timeout' must be above 0",
  ],
  [{ hooks: { Stop: {} } }, "'settings.hooks.Stop' must be a list"],
  [
    { sandbox: { network: { httpProxyPort: '80' } } },
    "'settings.sandbox.network.httpProxyPort' must be a number",
  ],
  [
    { sandbox: { credentials: { envVars: [{ name: 'A B', mode: 'deny' }] } } },
    'must be the name of a variable',
  ],
  [
    { sandbox: { credentials: { files: [{ path: 'x', mode: 'mask', extract: '[' }] } } },
    "does not know 'settings.sandbox",
  ],
  [{ env: { A: null } }, "'settings.env.A'"],
  [{ env: 'A=b' }, "'settings.env' must be an object"],
  [{ model: null }, "'settings.model' must be a string; it is null"],
])(
  'a setting that would make Claude Code drop them all is refused with its path: %j',
  (settings, message) => {
    expect(refusalOf({ settings })).toMatchObject({
      code: 'invalid_config',
      message: expect.stringContaining(message),
    })
  },
)

test.each(
  `cleanupPeriodDays autoUploadSessions remoteControlAtStartup enabledPlugins extraKnownMarketplaces autoMemoryDirectory
  forceLoginMethod policyHelper managedMcpServers claudeMd worktree`.split(/\s+/),
)('%s is refused by name whatever its value', (name) => {
  for (const value of [true, 'x', 5, {}, [], null]) {
    expect(refusalOf({ settings: { [name]: value } })).toMatchObject({
      code: 'option_refused',
      message: expect.stringContaining(`'settings.${name}' may not be set from outside.`),
    })
  }
})

test('a refusal comes before another fault of the same settings, so that nobody mends the wrong one first', () => {
  expect(refusalOf({ settings: { verbose: 'yes', apiKeyHelper: 'x' } }).code).toBe('option_refused')
})
