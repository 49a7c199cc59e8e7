import type {
  AskCancelled,
  DirectedAsk,
  McpMessageDown,
  NewEvent,
  Register,
  Registered,
} from '@claude-agent/protocol'
import { onTestFinished } from 'vitest'
import { ClientCallbacks } from '../../../src/session/callbacks/client-callbacks.ts'
import type { Port } from '../../../src/session/callbacks/owner.ts'
import { Registrations } from '../../../src/session/callbacks/registrations.ts'

export const SECRET = 'a secret of sixteen'

/** A socket, as what clients serve sees it. */
export class TestPort implements Port {
  isOpen = true
  readonly frames: (DirectedAsk | AskCancelled | McpMessageDown)[] = []
  readonly registered: Registered[] = []

  say(frame: DirectedAsk | AskCancelled | McpMessageDown): void {
    this.frames.push(frame)
  }

  get asks(): DirectedAsk[] {
    return this.frames.filter((frame) => frame.type === 'ask')
  }

  get cancelled(): string[] {
    return this.frames.flatMap((frame) => (frame.type === 'ask_cancelled' ? frame.ask : []))
  }
}

/** What clients serve to a session whose log is in memory, and that has no agent. */
export class CallbacksWorld {
  readonly events: NewEvent[] = []
  readonly registrations = new Registrations()
  readonly callbacks: ClientCallbacks
  serverNames: string[] = []
  starts = 0

  constructor() {
    this.callbacks = new ClientCallbacks({
      sessionId: 's',
      registrations: this.registrations,
      serverNames: () => this.serverNames,
      offer: async (event) => {
        await Promise.resolve()
        this.events.push(event)
        if (event.type === 'client_registered') this.registrations.apply(event)
      },
      onRegistered: () => (this.starts += 1),
      onChange: () => {},
    })
    onTestFinished(() => this.callbacks.close())
  }

  async register(fields: Partial<Register> = {}, port = new TestPort()): Promise<TestPort> {
    const frame: Register = { type: 'register', client: 'ada', secret: SECRET, ...fields }
    await this.callbacks.register(frame, port, (registered) => port.registered.push(registered))
    return port
  }

  /** The hash by which a client is known. */
  ownerOf(client = 'ada'): string {
    return this.registrations.of(client)!.owner
  }

  /** The agent calls a tool of the client. */
  call(signal = new AbortController().signal, client = 'ada'): ReturnType<ClientCallbacks['request']> {
    const data = { server: 'my', method: 'tools/call', params: { name: 'tell' } }
    return this.callbacks.request(this.ownerOf(client), data, signal)
  }
}

/** A server to register. */
export function server(tools: string[] = ['tell']) {
  return {
    initialize: {
      protocolVersion: '2025-11-25',
      capabilities: { tools: {} },
      serverInfo: { name: 'my', version: '1' },
    },
    lists: { tools: tools.map((name) => ({ name, inputSchema: { type: 'object' as const } })) },
  }
}
