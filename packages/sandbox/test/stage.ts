import { randomUUID } from 'node:crypto'
import { startScriptedClaude, type Respond, type ScriptedClaude } from 'scripted-claude'
import type { ConnectOptions, CreateOptions, Sandbox, SandboxInfo } from '../src/provider.ts'
import type { OpenEngine } from './engine.ts'

/** What must be seen nowhere but where it belongs. Another one in each run: engines are tested side by side. */
export const KEY: string = `sk-ant-${randomUUID()}`

/** Does what a prompt's first word says: runs a command, tells what it was told before, or takes note. */
const respond: Respond = ({ lastUserText, toolResults, history }) => {
  if (toolResults.length > 0) return [{ text: toolResults.map(({ text }) => text).join('\n') }]
  const command = /^bash: (.*)$/s.exec(lastUserText)?.[1]
  if (command !== undefined) return [{ toolUse: { name: 'Bash', input: { command } } }]
  if (!lastUserText.startsWith('recall')) return [{ text: 'noted' }]
  return [{ text: [...history.matchAll(/remember (\w+)/g)].map(([, word]) => word).join(' ') }]
}

/** What the tests of one engine share: the engine, and a model that its sandboxes reach. */
export class House {
  readonly engine: OpenEngine
  readonly #claude: ScriptedClaude

  private constructor(engine: OpenEngine, claude: ScriptedClaude) {
    this.engine = engine
    this.#claude = claude
  }

  static async open(engine: OpenEngine): Promise<House> {
    const claude = await startScriptedClaude({
      host: engine.modelHost ?? '127.0.0.1',
      script: { rules: [], fallback: respond },
    })
    return new House(engine, claude)
  }

  /** The variables that a sandbox needs to reach the model. */
  get envs(): Record<string, string> {
    const { port } = this.#claude
    const url = this.engine.modelUrl?.(port) ?? `http://127.0.0.1:${port}`
    return { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: url, CLAUDE_AGENT_SPARES: '0' }
  }

  async close(): Promise<void> {
    await this.#claude.close()
    await this.engine.close()
  }
}

/** What one test makes. Its sandboxes end with it. */
export class Stage {
  readonly house: House
  readonly #made: Promise<Sandbox>[] = []
  readonly #words = `test-${Math.random().toString(36).slice(2)}`

  constructor(house: House) {
    this.house = house
  }

  get engine(): OpenEngine {
    return this.house.engine
  }

  /** Creates as the opener wishes, with a minute to live that tests of the timeout shorten. */
  async create(options: CreateOptions = {}): Promise<Sandbox> {
    return await this.#keep(this.engine.provider.create(this.options(options)))
  }

  options(options: CreateOptions = {}): CreateOptions {
    const metadata = { stage: this.#words, ...options.metadata }
    const envs = { ...this.house.envs, ...options.envs }
    return { timeoutMs: 120_000, ...this.engine.create, ...options, metadata, envs }
  }

  async connect(id: string, options: ConnectOptions = {}): Promise<Sandbox> {
    const given = { timeoutMs: 120_000, envs: this.house.envs, ...options }
    return await this.#keep(this.engine.provider.connect(id, given))
  }

  /** This test's sandboxes, as the engine lists them. */
  async list(metadata: Record<string, string> = {}): Promise<SandboxInfo[]> {
    return await this.engine.provider.list({ metadata: { stage: this.#words, ...metadata } })
  }

  async dispose(): Promise<void> {
    // Also those that are still being made where a test failed over another one.
    for (const made of await Promise.allSettled(this.#made))
      if (made.status === 'fulfilled') await made.value.kill()
    // A creator of its own process leaves one that this process has no object of.
    for (const { id } of await this.list()) await (await this.connect(id)).kill()
  }

  async #keep(made: Promise<Sandbox>): Promise<Sandbox> {
    this.#made.push(made)
    return await made
  }
}
