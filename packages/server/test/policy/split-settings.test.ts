import { expect, test } from 'vitest'
import { splitSettings } from '../../src/policy/split-settings.ts'

test('settings with secrets in them are parted from those that may stand in a command line', () => {
  const http = { type: 'http', url: 'https://a.example', headers: { authorization: 'x' } }
  const command = { type: 'command', command: 'true' }
  expect(
    splitSettings({
      env: { TOKEN: 'x' },
      hooks: { Stop: [{ hooks: [command, http] }] },
      permissions: { deny: ['WebFetch'] },
      model: 'claude-x',
    }),
  ).toEqual({
    open: { permissions: { deny: ['WebFetch'] }, model: 'claude-x' },
    secret: { env: { TOKEN: 'x' }, hooks: { Stop: [{ hooks: [command, http] }] } },
  })
})

test('hooks without a secret may stand in a command line', () => {
  const settings = { hooks: { Stop: [{ hooks: [{ type: 'command', command: 'true' }] }] } }
  expect(splitSettings(settings)).toEqual({ open: settings, secret: {} })
})

test('no settings are no settings', () => {
  expect(splitSettings({})).toEqual({ open: {}, secret: {} })
})
