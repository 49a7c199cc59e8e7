import type { IncomingHttpHeaders } from 'node:http'
import { ApiError } from '../errors.ts'

/** The credentials that a server accepts; with none given it accepts anything, even nothing. */
export interface Credentials {
  apiKey?: string | undefined
  authToken?: string | undefined
}

/** Refuses other credentials than the expected ones, as the API does. */
export function checkCredentials(headers: IncomingHttpHeaders, expected: Credentials): void {
  if (expected.apiKey === undefined && expected.authToken === undefined) return
  const apiKey = headers['x-api-key']
  const bearer = /^Bearer (.*)$/i.exec(headers.authorization ?? '')?.[1]
  // Some clients send an API key in x-api-key, others as a bearer token.
  if (expected.apiKey !== undefined && (apiKey ?? bearer) === expected.apiKey) return
  if (expected.authToken !== undefined && bearer === expected.authToken) return
  if (apiKey === undefined && bearer === undefined) {
    const message = 'x-api-key header is required'
    throw new ApiError({ status: 401, message })
  }
  const message = apiKey === undefined ? 'Invalid bearer token' : 'invalid x-api-key'
  throw new ApiError({ status: 401, message })
}
