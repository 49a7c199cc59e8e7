import type { ServerResponse } from 'node:http'

/** An error in the shape of the Messages API, which the CLI shows as it is. */
export function refuse(response: ServerResponse, status: number, type: string, message: string): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ type: 'error', error: { type, message: `claude-agent-server: ${message}` } }))
}
