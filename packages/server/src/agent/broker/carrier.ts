import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Credential } from '../model-access.ts'

/** What takes the requests of agents to the model, and its answers back, both as they stream. */
export interface Carrier {
  /** Whether it is this server that adds the credential. */
  readonly needsCredential: boolean
  /** Called with requests that were looked at: they may be made. */
  forward(from: IncomingMessage, to: ServerResponse, credential?: Credential): void
  close(): void
}
