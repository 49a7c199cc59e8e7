import { describe, expect, test } from 'vitest'
import { TemplateBuildError } from '../src/errors.ts'
import { readSettings } from '../src/settings.ts'
import { temporaryFolder, writeFiles } from './support.ts'

async function withFile(config: unknown): Promise<string> {
  const folder = await temporaryFolder()
  const text = typeof config === 'string' ? config : JSON.stringify(config)
  await writeFiles(folder, { 'e2b.config.json': text })
  return folder
}

describe('what is to be built', () => {
  test('is the server with nothing added, where nothing is said', async () => {
    expect(readSettings(await temporaryFolder(), [], {})).toEqual({
      name: 'claude-agent-server',
      cpuCount: 2,
      memoryMB: 2048,
      aptPackages: [],
      files: [],
      commands: [],
      noCache: false,
    })
  })

  test('is said by flags before the environment, and by that before the file', async () => {
    const root = await withFile({ name: 'by-file', cpuCount: 4, memoryMB: 4096 })
    const flags = ['--name', 'by-flag:v2', '--cpu=8', '--no-cache']
    expect(readSettings(root, [], {})).toMatchObject({ name: 'by-file', cpuCount: 4, memoryMB: 4096 })
    expect(readSettings(root, [], { E2B_TEMPLATE: 'by-variable' }).name).toBe('by-variable')
    expect(readSettings(root, flags, { E2B_TEMPLATE: 'by-variable' })).toMatchObject({
      name: 'by-flag:v2',
      cpuCount: 8,
      memoryMB: 4096,
      noCache: true,
    })
  })

  test.each([
    ['{', /^e2b\.config\.json is no JSON: /],
    [[], /^e2b\.config\.json: the file: /],
    [{ cpu: 2 }, /^e2b\.config\.json: the file: .*"cpu"/],
    [{ cpuCount: 'two' }, /^e2b\.config\.json: cpuCount: .*expected number/],
    [{ memoryMB: 100 }, /^e2b\.config\.json: memoryMB: .*512/],
    [{ aptPackages: ['jq; reboot'] }, /^e2b\.config\.json: aptPackages\.0: must be the name of a package/],
    [{ files: [{ from: 'a', to: 'b' }] }, /^e2b\.config\.json: files\.0\.to: must be an absolute path/],
    [{ files: [{ from: 'a', to: '/a/../b' }] }, /files\.0\.to: must not contain \.\./],
    [{ files: [{ from: 'a', to: '/run/claude-agent/x' }] }, /files\.0\.to: is a place of the server/],
    [{ files: [{ from: 'a', to: '/a', mode: 'rwx' }] }, /files\.0\.mode: must be an octal mode/],
    [{ commands: [''] }, /^e2b\.config\.json: commands\.0: /],
  ])('cannot be %j', async (config, said) => {
    const root = await withFile(config)
    expect(() => readSettings(root, [], {})).toThrow(said)
    expect(() => readSettings(root, [], {})).toThrow(TemplateBuildError)
  })

  test.each([
    [['--cpus', '2'], /^Unknown option '--cpus'\.$/],
    [['--cpu', '1.5'], /^--cpu is '1\.5'\.$/],
    [['--memory', '10'], /^--memory is '10'\.$/],
    [['--name', 'Not This'], /^The name 'Not This' cannot be that of a template\.$/],
  ])('is not said by %j', async (args, said) => {
    const root = await temporaryFolder()
    expect(() => readSettings(root, args, {})).toThrow(said)
  })
})
