import { expect, expectTypeOf, test } from 'vitest'
// The one line that changes: the name of the package. Here it is the package's own name.
import { ClaudeAgentClient, FilesystemEventType } from '@claude-agent/client'
import type {
  ClientOptions,
  EntryInfo,
  FilesystemEvent,
  McpRemoteServerConfig,
  QueryConfig,
  WatchHandle,
  WSInputMessage,
  WSOutputMessage,
} from '@claude-agent/client'
import * as constants from '@claude-agent/client/const'
import { FilesystemEventType as SameEventType } from '@claude-agent/client/types'
import type { WSInputMessage as SameInput } from '@claude-agent/client/types'
import { say, startPeer, until, whole } from './peer.ts'

// What follows, up to the next line of dashes, is the code of the predecessor’s README, word for word (the formatter adds parentheses).
// ----------------------------------------------------------------------------------------------------------
export async function connectToSandbox(): Promise<void> {
  const client = new ClaudeAgentClient({
    e2bApiKey: process.env.E2B_API_KEY,
    anthropicApiKey: process.env.ANTHROPIC_API_KEY,
    template: 'claude-agent-server', // Your E2B template name
    debug: true,
  })

  // Start the client (creates E2B sandbox and connects)
  await client.start()

  // Listen for messages from Claude
  client.onMessage((message) => {
    if (message.type === 'sdk_message') {
      console.log('Claude:', message.data)
    }
  })

  // Send a message to Claude
  client.send({
    type: 'user_message',
    data: {
      type: 'user',
      session_id: 'my-session',
      message: {
        role: 'user',
        content: 'Hello, Claude!',
      },
    },
  })

  // Clean up when done
  await client.stop()
}

export async function connectToLocalServer(): Promise<void> {
  const client = new ClaudeAgentClient({
    connectionUrl: 'http://localhost:3000',
    anthropicApiKey: process.env.ANTHROPIC_API_KEY,
  })

  await client.start()
}
// ----------------------------------------------------------------------------------------------------------

test('the README’s walk runs against connectionUrl with only the import changed', async () => {
  const received: unknown[] = []
  const peer = await startPeer({
    onSocket(socket) {
      say(socket, { type: 'connected' })
      socket.on('message', () => say(socket, whole('a', 'Hello!')))
    },
  })
  const client = new ClaudeAgentClient({
    connectionUrl: peer.url,
    anthropicApiKey: process.env.NOT_SET,
    debug: false,
  })

  await client.start()

  client.onMessage((message) => {
    if (message.type === 'sdk_message') received.push(message.data)
  })

  client.send({
    type: 'user_message',
    data: {
      type: 'user',
      session_id: 'session-1',
      message: { role: 'user', content: 'Hello' },
    },
  })
  await until(() => received.length === 1)
  await client.stop()
  expect(peer.frames).toEqual([
    {
      type: 'user_message',
      data: { type: 'user', session_id: 'session-1', message: { role: 'user', content: 'Hello' } },
    },
  ])
})

test('the calls of the predecessor’s example typecheck and run', async () => {
  const peer = await startPeer({
    onSocket: (socket, request) =>
      say(socket, { type: request.url?.startsWith('/ws') ? 'connected' : 'ready' }),
  })
  const client = new ClaudeAgentClient({ connectionUrl: peer.url })
  await client.start()
  const labels: Record<string, string> = { [FilesystemEventType.CREATE]: 'created' }
  const handle: WatchHandle = await client.watchDir('.', (event) => void labels[event.type], {
    recursive: true,
  })
  await client.writeFile('input.txt', 'Hello! This is a test file created by the user.')
  const commands = [
    {
      type: 'user_message',
      data: {
        type: 'user',
        session_id: 'example-session',
        parent_tool_use_id: null,
        message: { role: 'user', content: 'Please read "input.txt".' },
      },
    },
  ] as const
  for (const command of commands) client.send(command)
  client.send({ type: 'interrupt' })
  await until(() => peer.frames.length === 2)
  expect(peer.frames).toEqual([commands[0], { type: 'interrupt' }])
  await handle.stop()
  await client.stop()
})

test('the options of the predecessor are options here', () => {
  const options: ClientOptions = {
    anthropicApiKey: 'sk-ant-x',
    e2bApiKey: 'e2b_x',
    template: 'claude-agent-server',
    timeoutMs: 5 * 60 * 1000,
    connectionUrl: 'http://localhost:3000',
    debug: true,
    agents: { reviewer: { description: 'Reviews code', prompt: 'You review code.', tools: ['Read'] } },
    allowedTools: ['read_file', 'write_file'],
    systemPrompt: { type: 'preset', preset: 'claude_code', append: 'Be brief.' },
    model: 'claude-3-5-sonnet-20241022',
    mcpServers: { docs: { type: 'sse', url: 'https://docs.example/sse', headers: { a: 'b' } } },
  }
  expect(() => new ClaudeAgentClient(options)).not.toThrow()
  expect(() => new ClaudeAgentClient({ systemPrompt: 'You are a helpful assistant.' })).not.toThrow()
})

test('a message narrows by its type', () => {
  const describe = (message: WSOutputMessage): string => {
    switch (message.type) {
      case 'connected':
        return 'connected'
      case 'error':
        expectTypeOf(message.error).toEqualTypeOf<string>()
        return message.error
      case 'info':
        expectTypeOf(message.data).toEqualTypeOf<string>()
        return message.data
      case 'sdk_message':
        if (message.data.type !== 'assistant') return message.data.type
        return message.data.message.content.map((block) => (block.type === 'text' ? block.text : '')).join('')
    }
  }
  expect(describe(whole('a', 'Hello!') as WSOutputMessage)).toBe('Hello!')
})

test('the types of the predecessor are there under their names', () => {
  expectTypeOf<SameInput>().toEqualTypeOf<WSInputMessage>()
  expectTypeOf<QueryConfig['allowedTools']>().toEqualTypeOf<string[] | undefined>()
  expectTypeOf<{ type: 'http'; url: string }>().toExtend<McpRemoteServerConfig>()
  expectTypeOf<{ name: string; type: 'create'; path: string }>().toExtend<FilesystemEvent>()
  expectTypeOf<Pick<EntryInfo, 'name' | 'type' | 'path' | 'size'>>().toEqualTypeOf<{
    name: string
    type: 'file' | 'dir' | 'symlink'
    path: string
    size: number
  }>()
  const client = new ClaudeAgentClient({})
  expectTypeOf(() => client.start()).returns.resolves.toBeVoid()
  expectTypeOf(() => client.stop()).returns.resolves.toBeVoid()
  expectTypeOf(() => client.onMessage(() => {})).returns.toEqualTypeOf<() => void>()
  expectTypeOf(() => client.readFile('a')).returns.resolves.toBeString()
  expectTypeOf(() => client.readFile('a', 'text')).returns.resolves.toBeString()
  expectTypeOf(() => client.readFile('a', 'blob')).returns.resolves.toEqualTypeOf<Blob>()
  expectTypeOf(() => client.readFile('a', 'text' as 'text' | 'blob')).returns.resolves.toEqualTypeOf<
    string | Blob
  >()
  expectTypeOf(() => client.listFiles()).returns.resolves.toEqualTypeOf<EntryInfo[]>()
  // @ts-expect-error a message of a type that is no input
  expectTypeOf<{ type: 'connected' }>().toExtend<WSInputMessage>()
})

test('the values of the predecessor are the same, from the subpaths too', () => {
  expect(FilesystemEventType).toEqual({
    CHMOD: 'chmod',
    CREATE: 'create',
    REMOVE: 'remove',
    RENAME: 'rename',
    WRITE: 'write',
  })
  expect(SameEventType).toBe(FilesystemEventType)
  expect(constants).toMatchObject({ DEFAULT_TEMPLATE: 'claude-agent-server', DEFAULT_TIMEOUT_MS: 300_000 })
})
