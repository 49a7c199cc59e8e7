import { createHash } from 'node:crypto'
import { AgentServerError, type Register, type Registration } from '@claude-agent/protocol'
import { hashOf } from '../../policy/fingerprint.ts'
import { nameInTools } from '../../policy/mcp-servers.ts'
import { isEmpty, type Registrations } from './registrations.ts'

/** Clients that may serve one session, and characters of all that they register: it is in memory and in the log. */
const MAX_CLIENTS = 16
const MAX_CHARACTERS = 256 * 1024

/** Who a client is: what only those have who know its secret, and tells nothing of that. */
export function ownerOf(sessionId: string, client: string, secret: string): string {
  return createHash('sha256')
    .update(JSON.stringify([sessionId, client, secret]))
    .digest('hex')
}

/**
 * What is to be registered, beside what is already; undefined when that changes nothing.
 * @throws AgentServerError `owner_mismatch`, `registration_conflict`, `registration_too_large`
 */
export function acceptRegistration(
  beside: { registrations: Registrations; serverNames: string[] },
  { client, hooks, mcpServers, ownerTimeoutMs }: Register,
  owner: string,
): Registration | undefined {
  const { registrations, serverNames } = beside
  const known = registrations.of(client)
  if (known !== undefined && known.owner !== owner) throw ownerMismatch(client)
  const registration: Registration = {
    ...(hooks === undefined ? {} : { hooks }),
    ...(mcpServers === undefined ? {} : { mcpServers }),
    ...(ownerTimeoutMs === undefined ? {} : { ownerTimeoutMs }),
  }
  if (isEmpty(registration)) return known === undefined ? undefined : {}
  const others = registrations.clients.filter((each) => each.client !== client)
  if (others.length >= MAX_CLIENTS) throw conflict(`${others.length} clients serve this session already.`)
  const size = JSON.stringify([others, registration]).length
  if (size > MAX_CHARACTERS) throw tooLarge(size)
  const taken = new Map(serverNames.map((name) => [nameInTools(name), 'the options']))
  for (const each of others)
    for (const name of Object.keys(each.registration.mcpServers ?? {}))
      taken.set(nameInTools(name), `the client '${each.client}'`)
  for (const name of Object.keys(mcpServers ?? {})) {
    const by = taken.get(nameInTools(name))
    if (by !== undefined) throw conflict(`The MCP server '${name}' is there already, by ${by}.`)
    taken.set(nameInTools(name), 'this registration')
  }
  return known !== undefined && hashOf(known.registration) === hashOf(registration) ? undefined : registration
}

function ownerMismatch(client: string): AgentServerError {
  return new AgentServerError({
    code: 'owner_mismatch',
    message: `The client '${client}' is registered with another secret.`,
    hint: 'Give the secret that it was registered with first, or choose another name.',
  })
}

function conflict(message: string): AgentServerError {
  return new AgentServerError({
    code: 'registration_conflict',
    message,
    hint: 'Choose another name, or let the other one be unregistered first.',
  })
}

function tooLarge(size: number): AgentServerError {
  return new AgentServerError({
    code: 'registration_too_large',
    message: `What clients register would have ${size} characters; ${MAX_CHARACTERS} are the limit for a session.`,
    hint: 'Serve fewer tools, or describe them more briefly.',
  })
}
