import { describe, expect, test } from 'vitest'
import { createBaseEnvironment } from '../../src/agent/environment.ts'
import { CLOUD_PROVIDERS, readModelAccess } from '../../src/agent/model-access.ts'

describe('the environment of an agent', () => {
  test('is a list: what is not on it stays with the server', () => {
    const environment = createBaseEnvironment(
      {
        PATH: '/bin',
        HOME: '/home/a',
        LC_ALL: 'C',
        ANTHROPIC_API_KEY: 'secret-1',
        CLAUDE_AGENT_TOKEN: 'secret-2',
        E2B_API_KEY: 'secret-3',
        DATABASE_URL: 'secret-4',
        AWS_SECRET_ACCESS_KEY: 'secret-5',
        NODE_OPTIONS: '--require=/evil',
        LD_PRELOAD: '/evil.so',
      },
      [],
    )
    expect(environment).toMatchObject({ PATH: '/bin', HOME: '/home/a', LC_ALL: 'C' })
    expect(JSON.stringify(environment)).not.toMatch(/secret|evil/)
  })

  test('has what the operator names', () => {
    expect(createBaseEnvironment({ MY_TOOL: 'x', OTHER: 'y' }, ['MY_TOOL', 'MISSING'])).toMatchObject({
      MY_TOOL: 'x',
    })
    expect(createBaseEnvironment({ OTHER: 'y' }, ['MY_TOOL'])).not.toHaveProperty('MY_TOOL')
  })

  test('reaches loopback without the proxy, whatever NO_PROXY says', () => {
    const environment = createBaseEnvironment(
      { HTTPS_PROXY: 'http://proxy:1', NO_PROXY: 'intern.example' },
      [],
    )
    expect(environment).toMatchObject({
      HTTPS_PROXY: 'http://proxy:1',
      NO_PROXY: 'intern.example,127.0.0.1,localhost,::1',
    })
  })

  test('lets the CLI ignore the routing settings of the workspace, and phone nobody', () => {
    expect(createBaseEnvironment({}, [])).toMatchObject({
      CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST: '1',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_TELEMETRY: '1',
    })
  })
})

describe('the access to a model', () => {
  test('is none without any credential, and for empty ones', () => {
    expect(readModelAccess({})).toEqual({ kind: 'none' })
    expect(readModelAccess({ ANTHROPIC_API_KEY: '', CLAUDE_CODE_USE_BEDROCK: '0' })).toEqual({ kind: 'none' })
  })

  test.each([
    ['ANTHROPIC_API_KEY', 'x-api-key', 'k'],
    ['ANTHROPIC_AUTH_TOKEN', 'authorization', 'Bearer k'],
    ['CLAUDE_CODE_OAUTH_TOKEN', 'authorization', 'Bearer k'],
  ])('by %s goes through the broker, as the header %s', (variable, header, value) => {
    expect(readModelAccess({ [variable]: 'k' })).toEqual({
      kind: 'broker',
      name: variable,
      variable,
      credential: { header, value },
    })
  })

  test('is by the credential without the line break that files end with', () => {
    expect(readModelAccess({ ANTHROPIC_API_KEY: 'key\n' })).toMatchObject({ credential: { value: 'key' } })
    expect(readModelAccess({ ANTHROPIC_API_KEY: ' \n' })).toEqual({ kind: 'none' })
  })

  test.each(['two words', 'k\u00e9y', 'a\nb', 'k\u0000'])(
    'by a credential that no header can carry stops the start',
    (value) => {
      const read = (): unknown => readModelAccess({ ANTHROPIC_API_KEY: value })
      expect(read).toThrow(expect.objectContaining({ code: 'invalid_setting' }) as Error)
      expect(read).not.toThrow(value)
    },
  )

  test.each(CLOUD_PROVIDERS.map((provider) => [provider.name, provider] as const))(
    'by %s passes its documented variables on, and no other',
    (name, provider) => {
      const given = Object.fromEntries(
        provider.variables.map((variable) => [variable, `value of ${variable}`]),
      )
      const access = readModelAccess({
        ...given,
        [provider.switch]: '1',
        ANTHROPIC_API_KEY: 'not this',
        OTHER: 'nor this',
      })
      expect(access).toEqual({ kind: 'cloud', name, environment: { ...given, [provider.switch]: '1' } })
    },
  )

  test('by Vertex has the regions of single models too', () => {
    const access = readModelAccess({
      CLAUDE_CODE_USE_VERTEX: 'true',
      VERTEX_REGION_CLAUDE_4_0_OPUS: 'europe-west1',
    })
    expect(access).toMatchObject({ environment: { VERTEX_REGION_CLAUDE_4_0_OPUS: 'europe-west1' } })
  })
})
