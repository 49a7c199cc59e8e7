import {
  startScriptedClaude,
  type MessagesBody,
  type Respond,
  type ScriptedClaude,
  type ScriptedRequest,
  type Step,
} from 'scripted-claude'

/** What the model does in one case. It says again what nothing was written down for. */
export class Part {
  /** Stands in every prompt of the case, so that its requests are told from those of others. */
  readonly tag: string
  readonly requests: ScriptedRequest[] = []
  readonly #lines = new Map<string, Respond>()
  #otherwise: Respond = (request) => [{ text: `echo: ${this.#textOf(request)}` }]

  constructor(tag: string) {
    this.tag = tag
  }

  /** A prompt that is told to be of this case. */
  say(text: string): string {
    return `${this.tag} ${text}`
  }

  /** Answers a prompt: the first list at once, the next after the tools of the first, and so on. */
  answer(text: string, ...answers: Step[][]): string {
    return this.respond(text, ({ answered }) => answers[answered] ?? [])
  }

  /** Computes the answers to a prompt. */
  respond(text: string, respond: Respond): string {
    this.#lines.set(text, respond)
    return this.say(text)
  }

  /** Computes the answers to all that nothing else was written down for. */
  otherwise(respond: Respond): void {
    this.#otherwise = respond
  }

  /** The bodies of the requests that brought a prompt or results of it. */
  bodiesOf(text: string): MessagesBody[] {
    return this.requests.filter((request) => this.#textOf(request) === text).map(({ body }) => body)
  }

  readonly act: Respond = (request) => {
    this.requests.push(request)
    const text = this.#textOf(request)
    return (this.#lines.get(text) ?? this.#otherwise)(request)
  }

  #textOf({ lastUserText }: ScriptedRequest): string {
    const start = lastUserText.lastIndexOf(this.tag)
    return start < 0 ? lastUserText : lastUserText.slice(start + this.tag.length).trim()
  }
}

/** One scripted model that plays its part in all cases. */
export class Model {
  readonly #claude: ScriptedClaude
  readonly #parts: Map<string, Part>

  private constructor(claude: ScriptedClaude, parts: Map<string, Part>) {
    this.#claude = claude
    this.#parts = parts
  }

  static async start(): Promise<Model> {
    const parts = new Map<string, Part>()
    const respond: Respond = (request) => {
      const tag = /\bcase-\d+\b/.exec(JSON.stringify(request.body.messages))?.[0]
      return parts.get(tag ?? '')?.act(request) ?? [{ text: 'This is of no case.' }]
    }
    return new Model(await startScriptedClaude({ script: { rules: [], fallback: respond } }), parts)
  }

  get url(): string {
    return this.#claude.url
  }

  /** A part of its own for a case. */
  part(): Part {
    const part = new Part(`case-${this.#parts.size + 1}`)
    this.#parts.set(part.tag, part)
    return part
  }

  async close(): Promise<void> {
    await this.#claude.close()
  }
}
