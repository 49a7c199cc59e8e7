import { request } from 'node:http'

/** The server said no. */
export class Refused extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(`${code}: ${message}`)
    this.code = code
  }
}

/** The line ended before an answer came: nobody knows whether the server did it. */
export class Dropped extends Error {}

/** What an answer may take. */
const ANSWER_MS = 10_000

/** One HTTP request with JSON. @throws Refused, Dropped */
export async function call(
  port: number,
  method: string,
  path: string,
  body?: unknown,
): Promise<Record<string, unknown>> {
  return await new Promise((resolve, reject) => {
    const drop = (why: string) => (): void => reject(new Dropped(`${method} ${path}: ${why}`))
    const headers = { connection: 'close', 'content-type': 'application/json' }
    const sent = request({ port, host: '127.0.0.1', method, path, headers, timeout: ANSWER_MS }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => (text += part))
      answer.once('error', drop('broken off'))
      answer.once('close', drop('broken off'))
      answer.once('end', () => {
        if (!answer.complete) return drop('broken off')()
        const json = parse(text)
        const { code, error } = json as { code?: string; error?: string }
        if ((answer.statusCode ?? 500) < 400) resolve(json)
        else reject(new Refused(code ?? `status ${answer.statusCode}`, error ?? text))
      })
    })
    sent.once('timeout', () => sent.destroy())
    sent.once('error', drop('no connection'))
    sent.once('close', drop('closed'))
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}
