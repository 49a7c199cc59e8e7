import type { Options, Query, SDKMessage, SDKUserMessage } from '@anthropic-ai/claude-agent-sdk'
import type { RemoteProcessOptions } from '@claude-agent/client/spawn'
import type { TestServer } from '../../support/server.ts'
import { prompt, remoteQuery, resultsOf } from './sdk.ts'

/** A query of the unmodified SDK that is given one prompt after the other. */
export class Conversation {
  readonly query: Query
  readonly messages: SDKMessage[] = []
  readonly #prompts: SDKUserMessage[] = []
  #wake: () => void = () => {}
  #isOver = false

  constructor(
    server: Pick<TestServer, 'url' | 'token'>,
    options: Options = {},
    remote: Partial<RemoteProcessOptions> = {},
  ) {
    this.query = remoteQuery(server, this.#stream(), options, remote)
  }

  /** The id of the session, once there was a message. */
  get session(): string {
    return this.messages.findLast(({ session_id }) => session_id !== undefined)!.session_id!
  }

  say(content: string, fields: Partial<SDKUserMessage> = {}): void {
    this.#prompts.push(prompt(content, fields))
    this.#wake()
  }

  /** The next result; throws what the query throws. */
  async result(): Promise<string> {
    for (;;) {
      const { done, value } = await this.query.next()
      if (done) throw new Error('The query has ended.')
      this.messages.push(value)
      if (value.type === 'result') return resultsOf([value])[0]!
    }
  }

  async run(content: string): Promise<string> {
    this.say(content)
    return await this.result()
  }

  close(): void {
    this.#isOver = true
    this.#wake()
    this.query.close()
  }

  async *#stream(): AsyncGenerator<SDKUserMessage> {
    while (!this.#isOver) {
      const next = this.#prompts.shift()
      if (next !== undefined) yield next
      else await new Promise<void>((go) => (this.#wake = go))
    }
  }
}
