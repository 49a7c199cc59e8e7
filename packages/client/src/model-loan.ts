import { type AgentServerError, ERRORS } from '@claude-agent/protocol'
import type { Endpoint } from './endpoint.ts'
import type { ModelAccess } from './model-access.ts'
import { type ModelService, serveModel } from './model/serve-model.ts'

export interface ModelLoanParts {
  access: ModelAccess
  /** Where the server is, before each connection. */
  locate: () => Endpoint | Promise<Endpoint>
  log: (text: string) => void
}

/** The model of this client, lent to the server for as long as the client is started. The key stays here. */
export class ModelLoan {
  readonly #parts: ModelLoanParts
  #service: ModelService | undefined
  #token: string | undefined
  #isOver = false
  #closing = Promise.resolve()

  constructor(parts: ModelLoanParts) {
    this.#parts = parts
  }

  /** Lends it to the server that was reached, unless that has it. @throws AgentServerError `invalid_setting` */
  open({ token }: Endpoint): void {
    if (this.#service !== undefined && !this.#isOver && this.#token === token) return
    void this.#service?.close()
    const { access, locate } = this.#parts
    this.#token = token
    this.#isOver = false
    this.#service = serveModel({
      endpoint: async () => {
        const { address, headers } = await locate()
        return { url: address, headers }
      },
      token,
      apiKey: access.apiKey,
      baseUrl: access.baseUrl,
      onError: (error) => this.#hear(error),
    })
  }

  /** Takes it back; resolves when nothing of it is under way. */
  async close(): Promise<void> {
    const service = this.#service
    this.#service = undefined
    if (service !== undefined) this.#closing = service.close()
    await this.#closing
  }

  #hear(error: AgentServerError): void {
    // It may have ended with this; the next connection sees to it.
    this.#isOver ||= !ERRORS[error.code].retry
    this.#parts.log(`the model: ${error.code}: ${error.message}`)
  }
}
