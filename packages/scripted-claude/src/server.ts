import { demoScript } from './demo/demo-script.ts'
import { defaultModels } from './endpoints/models.ts'
import type { Endpoints } from './endpoints/router.ts'
import { route } from './endpoints/router.ts'
import type { RunningServer, ServerOptions } from './exchange-server.ts'
import { startExchangeServer } from './exchange-server.ts'
import { Playbook } from './script/playbook.ts'
import type { Script } from './script/script.ts'

export interface ScriptedClaudeOptions extends ServerOptions {
  /** @default demoScript() */
  script?: Script
  /** Requires this key, as `x-api-key` or as bearer token; others get 401. @default any or none is accepted */
  apiKey?: string
  /** Requires this bearer token; with `apiKey` too, either will do. @default any or none is accepted */
  authToken?: string
  /**
   * What a request gets that no rule fits, when the script has no fallback: a 400 that says so and makes a test fail
   * at once, or the same sentence as the model's text.
   * @default 'error'
   */
  onUnmatched?: 'error' | 'text'
  /** Model ids for `GET /v1/models`. Any model is answered to, listed or not. */
  models?: readonly string[]
}

export type ScriptedClaude = RunningServer

/**
 * Starts a scripted Messages API.
 * @throws ScriptedClaudeError `invalid_script`, or `cannot_listen` when the port cannot be had
 */
export async function startScriptedClaude(options: ScriptedClaudeOptions = {}): Promise<ScriptedClaude> {
  const endpoints: Endpoints = {
    playbook: new Playbook(options.script ?? demoScript(), options.onUnmatched ?? 'error'),
    credentials: { apiKey: options.apiKey, authToken: options.authToken },
    models: options.models ?? defaultModels,
  }
  return startExchangeServer(options, (exchange) => route(exchange, endpoints))
}
