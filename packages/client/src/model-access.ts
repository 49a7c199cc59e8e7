import { readVariable } from './environment.ts'
import type { ClientOptions } from './types.ts'

export interface ModelAccess {
  apiKey: string | undefined
  baseUrl: string | undefined
}

/**
 * The key for the model and where the model is: as given; or both from the environment of this process, where nothing
 * else was given that leads to a model.
 */
export function modelAccess(options: ClientOptions): ModelAccess {
  const { anthropicApiKey, anthropicBaseUrl, envs = {}, network, broker } = options
  const isGiven = anthropicApiKey !== undefined
  const isElsewhere =
    broker !== 'client' &&
    (network?.injectHeaders !== undefined ||
      Object.keys(envs).some((name) => /^(ANTHROPIC_|CLAUDE_CODE_)/.test(name)))
  if (isGiven || isElsewhere) return { apiKey: anthropicApiKey || undefined, baseUrl: anthropicBaseUrl }
  const apiKey = readVariable('ANTHROPIC_API_KEY')
  const ofEnvironment = apiKey === undefined ? undefined : readVariable('ANTHROPIC_BASE_URL')
  return { apiKey, baseUrl: anthropicBaseUrl ?? ofEnvironment }
}
