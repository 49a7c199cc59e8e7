import { expect, test } from 'vitest'
import { buildRun, type RunOptions } from '../../src/docker/run-arguments.ts'

const OPTIONS: RunOptions = {
  name: 'claude-agent-1',
  image: 'claude-agent-server',
  token: 'the-token-of-the-sandbox',
  network: { name: 'claude-agent-server', isInternal: false },
  timeoutMs: 60_000,
  host: '127.0.0.1',
  ports: [],
  runtime: undefined,
  labels: {},
}

test('values of variables are in the environment of the call, never in its arguments', () => {
  const { args, env } = buildRun({
    ...OPTIONS,
    envs: { ANTHROPIC_API_KEY: 'the-key', MULTIPLE: 'two\nlines' },
  })
  expect(args.join('\n')).not.toMatch(/the-key|the-token|two\nlines/)
  expect(args).toEqual(expect.arrayContaining(['--env=ANTHROPIC_API_KEY', '--env=CLAUDE_AGENT_TOKEN']))
  expect(env).toMatchObject({ ANTHROPIC_API_KEY: 'the-key', CLAUDE_AGENT_TOKEN: 'the-token-of-the-sandbox' })
})

test('variables that the command itself lives by do not become its environment', () => {
  const envs = {
    PATH: '/opt/bin',
    DOCKER_HOST: 'unix:///in/the/sandbox',
    https_proxy: 'http://me:secret@proxy',
    ALL_PROXY: 'socks5://proxy',
    SSL_CERT_FILE: '/in/the/sandbox',
    DOCKER_CUSTOM_HEADERS: 'a=b',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector',
  }
  const { args, env, fileEnv } = buildRun({ ...OPTIONS, envs })
  expect(fileEnv).toEqual(envs)
  for (const [name, value] of Object.entries(envs)) {
    expect(env).not.toHaveProperty(name)
    expect(args.filter((argument) => argument.includes(name) || argument.includes(value))).toEqual([])
  }
})

test('such a variable with several lines is refused: a file of variables has one for each', () => {
  for (const value of ['a\nCLAUDE_AGENT_BROKER=client', 'a\r', 'a'.repeat(60_000)])
    expect(() => buildRun({ ...OPTIONS, envs: { HTTP_PROXY: value } })).toThrow(/`envs.HTTP_PROXY`/)
})

test('token, lease and address are those of the provider, whatever `envs` says', () => {
  const envs = { CLAUDE_AGENT_TOKEN: 'weak', CLAUDE_AGENT_LEASE_MS: '0', PORT: '1', HOST: '::' }
  expect(buildRun({ ...OPTIONS, envs }).env).toEqual({
    CLAUDE_AGENT_TOKEN: 'the-token-of-the-sandbox',
    CLAUDE_AGENT_LEASE_MS: '60000',
    PORT: '3000',
    HOST: '0.0.0.0',
  })
})

test('a name of a variable that would bring a value along is refused', () => {
  expect(() => buildRun({ ...OPTIONS, envs: { 'A=B': 'c' } })).toThrow(/`envs` has a name that is none/)
})

test('an internal network publishes nothing and resolves no names', () => {
  const { args } = buildRun({ ...OPTIONS, network: { name: 'inside', isInternal: true }, ports: [8080] })
  expect(args.filter((argument) => argument.startsWith('--publish'))).toEqual([])
  expect(args).toEqual(expect.arrayContaining(['--network=inside', '--dns=127.0.0.1']))
})

test('resources that were asked for take the place of the defaults', () => {
  const { args } = buildRun({ ...OPTIONS, resources: { cpus: 1.5, memoryMb: 512, pids: 64 } })
  expect(args).toEqual(
    expect.arrayContaining(['--cpus=1.5', '--memory=512m', '--memory-swap=512m', '--pids-limit=64']),
  )
  expect(buildRun(OPTIONS).args).toEqual(
    expect.arrayContaining(['--cpu-quota=200000', '--memory=4096m', '--pids-limit=1024']),
  )
})

test('labels with commas and quotes stay whole on volumes', () => {
  const { args } = buildRun({ ...OPTIONS, labels: { who: 'a,"b"' } })
  expect(args).toContain('--label=who=a,"b"')
  expect(args.find((argument) => argument.startsWith('--mount'))).toContain('"volume-label=who=a,""b"""')
})
