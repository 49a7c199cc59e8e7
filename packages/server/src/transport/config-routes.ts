import { AgentServerError, type ConfigResponse, type ConfigStored } from '@claude-agent/protocol'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { acceptConfig } from '../policy/accept-config.ts'
import { redactConfig } from '../policy/redact.ts'
import type { Session } from '../session/session.ts'

/** `GET` and `POST /config`: the configuration of the plain layer's query. Secrets go in and never come out. */
export function createConfigRoutes(session: Session, maxBodyBytes: number): Hono {
  const app = new Hono()
  const limit = bodyLimit({
    maxSize: maxBodyBytes,
    onError: () => {
      throw new AgentServerError({
        code: 'body_too_large',
        message: `The body is over ${maxBodyBytes} bytes.`,
        hint: 'Raise CLAUDE_AGENT_MAX_BODY_BYTES, or put the data into files of the workspace.',
      })
    },
  })
  app.get('/', (c) => c.json({ config: redactConfig(session.config) } satisfies ConfigResponse))
  app.post('/', limit, async (c) => {
    const config = acceptConfig(parse(await c.req.text()), session.config)
    const applies = session.configure(config)
    return c.json({ success: true, config: redactConfig(config), applies } satisfies ConfigStored)
  })
  return app
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AgentServerError({
      code: 'invalid_json',
      message: 'Invalid JSON',
      hint: 'Send one JSON object.',
      cause,
    })
  }
}
