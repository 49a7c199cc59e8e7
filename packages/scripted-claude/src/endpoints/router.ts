import { ApiError } from '../errors.ts'
import type { Credentials } from '../request/credentials.ts'
import { checkCredentials } from '../request/credentials.ts'
import type { Playbook } from '../script/playbook.ts'
import type { Exchange } from './exchange.ts'
import { writeJson } from './exchange.ts'
import { answerCountTokens, answerMessages } from './messages.ts'
import { findModel, listModels } from './models.ts'

/** What the endpoints answer with. */
export interface Endpoints {
  playbook: Playbook
  credentials: Credentials
  models: readonly string[]
}

/** Hands a request to the endpoint for its path. */
export async function route(exchange: Exchange, endpoints: Endpoints): Promise<void> {
  const { method, path, headers } = exchange.record
  const isRead = method === 'GET' || method === 'HEAD'
  // The CLI warms its connection up with these, without credentials.
  if (isRead && (path === '/' || path === '/api/hello')) {
    return writeJson(exchange, 200, { message: 'This is scripted-claude, not Claude.' })
  }
  checkCredentials(headers, endpoints.credentials)
  if (path === '/v1/messages' || path === '/v1/messages/count_tokens') {
    allow(method === 'POST')
    if (path === '/v1/messages') return answerMessages(exchange, endpoints.playbook)
    return answerCountTokens(exchange)
  }
  if (path === '/v1/models') {
    allow(isRead)
    return writeJson(exchange, 200, listModels(endpoints.models))
  }
  const id = /^\/v1\/models\/([^/]+)$/.exec(path)?.[1]
  if (id !== undefined) {
    allow(isRead)
    return writeJson(exchange, 200, findModel(endpoints.models, decode(id)))
  }
  throw new ApiError({ status: 404, message: `Not found: ${method} ${path}` })
}

function allow(isAllowed: boolean): void {
  if (!isAllowed) throw new ApiError({ status: 405, message: 'Method Not Allowed' })
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
