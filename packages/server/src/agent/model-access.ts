import { refuseSetting } from '../settings.ts'
import { pickEnvironment } from './environment.ts'

/** A credential that the broker adds to a request, in the header that it belongs in. */
export interface Credential {
  header: 'x-api-key' | 'authorization'
  value: string
}

/** How agents reach a model. */
export type ModelAccess =
  /** Through the broker: the agent gets `variable` with a placeholder, never the credential. */
  | { kind: 'broker'; name: string; variable: string; credential: Credential }
  /** A cloud provider: its variables go to the agent as they are, and the agent can read them. */
  | { kind: 'cloud'; name: string; environment: Record<string, string> }
  /** Through clients, which have the key; `ignored` names a credential of the server's that is not used for it. */
  | { kind: 'client'; ignored?: string }
  | { kind: 'none' }

interface CloudProvider {
  name: string
  switch: string
  variables: readonly string[]
}

const AWS = [
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_PROFILE',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_ROLE_ARN',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
] as const

/** The cloud providers as Claude Code documents them, each with the variables that it reads. */
export const CLOUD_PROVIDERS: readonly CloudProvider[] = [
  {
    name: 'Amazon Bedrock',
    switch: 'CLAUDE_CODE_USE_BEDROCK',
    variables: [
      ...AWS,
      'AWS_BEARER_TOKEN_BEDROCK',
      'ANTHROPIC_BEDROCK_BASE_URL',
      'ANTHROPIC_SMALL_FAST_MODEL_AWS_REGION',
      'CLAUDE_CODE_SKIP_BEDROCK_AUTH',
    ],
  },
  {
    name: 'Claude Platform on AWS',
    switch: 'CLAUDE_CODE_USE_ANTHROPIC_AWS',
    variables: [...AWS, 'ANTHROPIC_AWS_API_KEY', 'ANTHROPIC_AWS_BASE_URL', 'ANTHROPIC_AWS_WORKSPACE_ID'],
  },
  {
    name: 'Google Vertex AI',
    switch: 'CLAUDE_CODE_USE_VERTEX',
    variables: [
      'CLOUD_ML_REGION',
      'ANTHROPIC_VERTEX_PROJECT_ID',
      'ANTHROPIC_VERTEX_BASE_URL',
      'GOOGLE_APPLICATION_CREDENTIALS',
      'GOOGLE_CLOUD_PROJECT',
      'GCLOUD_PROJECT',
      'CLOUDSDK_CONFIG',
      'CLAUDE_CODE_SKIP_VERTEX_AUTH',
    ],
  },
  {
    name: 'Microsoft Foundry',
    switch: 'CLAUDE_CODE_USE_FOUNDRY',
    variables: [
      'ANTHROPIC_FOUNDRY_RESOURCE',
      'ANTHROPIC_FOUNDRY_BASE_URL',
      'ANTHROPIC_FOUNDRY_API_KEY',
      'AZURE_TENANT_ID',
      'AZURE_CLIENT_ID',
      'AZURE_CLIENT_SECRET',
      'CLAUDE_CODE_SKIP_FOUNDRY_AUTH',
    ],
  },
]

/**
 * The access that an environment gives, in the order in which the CLI itself looks.
 * @throws AgentServerError `invalid_setting` for a credential that no header can carry
 */
export function readModelAccess(env: NodeJS.ProcessEnv): ModelAccess {
  const cloud = CLOUD_PROVIDERS.find((provider) => isOn(env[provider.switch]))
  if (cloud !== undefined) {
    const regions = Object.keys(env).filter((name) => name.startsWith('VERTEX_REGION_'))
    const environment = pickEnvironment(env, [cloud.switch, ...cloud.variables, ...regions])
    return { kind: 'cloud', name: cloud.name, environment }
  }
  const authToken = readCredential(env, 'ANTHROPIC_AUTH_TOKEN')
  if (authToken !== undefined) return bearer('ANTHROPIC_AUTH_TOKEN', authToken)
  const apiKey = readCredential(env, 'ANTHROPIC_API_KEY')
  if (apiKey !== undefined) return apiKeyAccess(apiKey, 'ANTHROPIC_API_KEY')
  const oauthToken = readCredential(env, 'CLAUDE_CODE_OAUTH_TOKEN')
  if (oauthToken !== undefined) return bearer('CLAUDE_CODE_OAUTH_TOKEN', oauthToken)
  return { kind: 'none' }
}

/** The access by way of the clients: what the environment gives is not used. */
export function clientAccess(env: NodeJS.ProcessEnv): ModelAccess {
  const own = readModelAccess(env)
  return { kind: 'client', ...('name' in own ? { ignored: own.name } : {}) }
}

/** A credential as it can stand in a header. Secrets from files often end with a line break; that is no part of them. */
function readCredential(env: NodeJS.ProcessEnv, variable: string): string | undefined {
  const value = env[variable]?.trim()
  if (value === undefined || value === '') return undefined
  if (/[^\x21-\x7e]/.test(value)) refuseSetting(variable, '…', 'one word of plain ASCII: a header carries it')
  return value
}

/** Access by an API key, wherever it came from. */
export function apiKeyAccess(key: string, name: string): ModelAccess {
  return {
    kind: 'broker',
    name,
    variable: 'ANTHROPIC_API_KEY',
    credential: { header: 'x-api-key', value: key },
  }
}

function bearer(variable: string, token: string): ModelAccess {
  return {
    kind: 'broker',
    name: variable,
    variable,
    credential: { header: 'authorization', value: `Bearer ${token}` },
  }
}

/** Whether the CLI takes the value of a switch for yes. */
function isOn(value: string | undefined): boolean {
  return value !== undefined && ['1', 'true', 'yes', 'on'].includes(value.toLowerCase().trim())
}
