import { writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { describeSettings, isLoopback, loadEnvFile, readConfig, requireToken } from '../src/config.ts'
import { SETTINGS } from '../src/settings.ts'
import { temporaryFolder } from './support.ts'

const base = { PATH: '/usr/bin', HOME: '/home/somebody' }

describe('without any setting', () => {
  test('the defaults are those of the documentation', () => {
    const config = readConfig([], base)
    expect(config).toMatchObject({
      port: 3000,
      host: '127.0.0.1',
      token: undefined,
      workspace: join(homedir(), 'agent-workspace'),
      dataDir: join(homedir(), '.claude-agent-server'),
      permissionMode: 'bypassPermissions',
      settingSources: ['project'],
      allowedOrigins: [],
      access: { kind: 'none' },
    })
    expect(config.upstream.href).toBe('https://api.anthropic.com/')
  })
})

describe('a value', () => {
  test('comes from the environment, and a flag wins over it', () => {
    expect(readConfig([], { ...base, PORT: '4000' }).port).toBe(4000)
    expect(readConfig(['--port', '5000'], { ...base, PORT: '4000' }).port).toBe(5000)
  })

  test('that is empty counts as not given', () => {
    expect(readConfig([], { ...base, PORT: '', CLAUDE_AGENT_TOKEN: '' })).toMatchObject({
      port: 3000,
      token: undefined,
    })
  })

  test('with ~ is below the home folder; a list is separated by commas', () => {
    const config = readConfig([], {
      ...base,
      CLAUDE_AGENT_WORKSPACE: '~/there',
      CLAUDE_AGENT_ALLOWED_ORIGINS: 'https://a.example, http://localhost:5173',
      CLAUDE_AGENT_ALLOWED_HOSTS: 'Agent.Example',
      CLAUDE_AGENT_SETTING_SOURCES: 'none',
    })
    expect(config).toMatchObject({
      workspace: join(homedir(), 'there'),
      allowedOrigins: ['https://a.example', 'http://localhost:5173'],
      allowedHosts: ['agent.example'],
      settingSources: [],
    })
  })

  test.each([
    [{ PORT: 'abc' }, "PORT='abc'"],
    [{ PORT: '70000' }, 'from 0 to 65535'],
    [{ PORT: '-1' }, "PORT='-1'"],
    [{ CLAUDE_AGENT_PERMISSION_MODE: 'yolo' }, 'bypassPermissions'],
    [{ CLAUDE_AGENT_SETTING_SOURCES: 'project,all' }, 'user, project, local'],
    [{ CLAUDE_AGENT_ALLOWED_ORIGINS: 'app.example.com' }, 'https://app.example.com'],
    [{ CLAUDE_AGENT_ALLOWED_ORIGINS: 'https://a.example/path' }, 'without a path'],
    [{ CLAUDE_AGENT_MAX_FRAME_BYTES: '12' }, 'from 1024'],
    [{ ANTHROPIC_BASE_URL: 'ftp://x' }, 'http or https'],
    [{ HOST: '0.0.0.0' }, 'CLAUDE_AGENT_TOKEN is not set'],
    [{ HOST: '::' }, 'loopback'],
    [{ HOST: 'example.com' }, 'loopback'],
  ])('%o stops the start with one clear line', (env, words) => {
    const start = (): unknown => readConfig([], { ...base, ...env })
    expect(start).toThrow(words)
    expect(start).toThrow(expect.objectContaining({ code: 'invalid_setting' }) as Error)
    expect(start).not.toThrow('\n')
  })

  test('that is a wrong token is refused without being shown', () => {
    const start = (): unknown => readConfig([], { ...base, CLAUDE_AGENT_TOKEN: 'two words' })
    expect(start).toThrow('CLAUDE_AGENT_TOKEN')
    expect(start).not.toThrow('two words')
  })

  test('of an unknown flag stops the start', () => {
    expect(() => readConfig(['--prot', '1'], base)).toThrow(
      expect.objectContaining({ code: 'invalid_setting' }) as Error,
    )
  })
})

test('beyond loopback it starts with a token only', () => {
  expect(readConfig(['--host', '0.0.0.0'], { ...base, CLAUDE_AGENT_TOKEN: 't' }).host).toBe('0.0.0.0')
})

test('a sealed start may listen anywhere; what serves without a token may not', () => {
  const config = readConfig(['--host', '0.0.0.0'], { ...base, CLAUDE_AGENT_SEAL_FILE: '/run/seal.json' })
  expect(config).toMatchObject({ host: '0.0.0.0', sealFile: '/run/seal.json', token: undefined })
  expect(() => requireToken(config)).toThrow('CLAUDE_AGENT_TOKEN is not set')
})

test.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1', '[::1]', 'LOCALHOST'])('%s is loopback', (host) => {
  expect(isLoopback(host)).toBe(true)
})

test.each([
  '0.0.0.0',
  '::',
  '10.0.0.1',
  '127.0.0.1.evil.example',
  'localhost.evil.example',
  '1270.0.0.1',
  '',
])('%s is not loopback', (host) => {
  expect(isLoopback(host)).toBe(false)
})

test('no secret has a flag, so none is ever in a command line', () => {
  expect(
    Object.values(SETTINGS)
      .filter((setting) => !('flag' in setting))
      .map(({ variable }) => variable),
  ).toEqual(['CLAUDE_AGENT_TOKEN', 'CLAUDE_AGENT_MIRROR_TOKEN'])
})

test('--help names every setting with its flag and its default', () => {
  for (const setting of Object.values(SETTINGS)) {
    expect(describeSettings()).toContain(setting.variable)
    expect(describeSettings()).toContain(`(default: ${setting.default})`)
    if ('flag' in setting) expect(describeSettings()).toContain(`--${setting.flag}`)
  }
})

describe('a .env file', () => {
  test('gives what the environment has not', async () => {
    const path = join(await temporaryFolder(), '.env')
    await writeFile(path, '# keys\nANTHROPIC_API_KEY="from file"\nPORT=4100\n')
    const env: NodeJS.ProcessEnv = { PORT: '4200' }
    loadEnvFile(path, env)
    expect(env).toEqual({ ANTHROPIC_API_KEY: 'from file', PORT: '4200' })
  })

  test('that is missing is none', async () => {
    const env = {}
    loadEnvFile(join(await temporaryFolder(), '.env'), env)
    expect(env).toEqual({})
  })
})
