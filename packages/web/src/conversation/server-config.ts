import { AgentServerError } from '@claude-agent/client'
import { type ConfigResponse, parseErrorBody } from '@claude-agent/protocol'

/** Asks the server to stream answers as they are written, and leaves the rest of its configuration as it is. */
export async function enableStreaming(url: string, token: string | undefined): Promise<void> {
  const headers = {
    'content-type': 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  }
  const address = new URL('/config', url)
  const { config } = (await read(await fetch(address, { headers }))) as ConfigResponse
  if (config.includePartialMessages === true) return
  const body = JSON.stringify({ ...config, includePartialMessages: true })
  await read(await fetch(address, { method: 'POST', headers, body }))
}

/** Whether the server answers nobody without a token. False also when it cannot be asked. */
export async function asksForToken(url: string): Promise<boolean> {
  return fetch(new URL('/config', url)).then(
    (response) => response.status === 401,
    () => false,
  )
}

async function read(response: Response): Promise<unknown> {
  const text = await response.text()
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    body = undefined
  }
  if (response.ok && body !== undefined) return body
  throw (
    parseErrorBody(body) ??
    new AgentServerError({
      code: 'not_a_server',
      message: `${response.url} answered ${response.status} without a body that this page understands.`,
    })
  )
}
