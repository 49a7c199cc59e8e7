import type { ConfigResponse, ConfigStored } from '@claude-agent/protocol'
import { Hono } from 'hono'
import { acceptConfig } from '../policy/accept-config.ts'
import { redactConfig } from '../policy/redact.ts'
import type { PlainConversation } from '../session/plain-conversation.ts'
import { limitBody, readJson } from './body.ts'

/** `GET` and `POST /config`: the configuration of the plain layer's query. Secrets go in and never come out. */
export function createConfigRoutes(conversation: PlainConversation, maxBodyBytes: number): Hono {
  const app = new Hono()
  app.get('/', (c) => c.json({ config: redactConfig(conversation.config) } satisfies ConfigResponse))
  app.post('/', limitBody(maxBodyBytes), async (c) => {
    const config = acceptConfig(await readJson(c), conversation.config)
    const applies = await conversation.configure(config)
    return c.json({ success: true, config: redactConfig(config), applies } satisfies ConfigStored)
  })
  return app
}
