/**
 * The first walk with the client: watch the workspace, write a file, ask the agent to work on it, look at the result.
 *
 *   example-client [--url http://localhost:3000] [--token …] [--debug]
 *   example-client --sandbox docker|local|e2b [--template …] [--broker server|client] [--debug]
 */
import { parseArgs } from 'node:util'
import {
  AgentServerError,
  ClaudeAgentClient,
  type ClientOptions,
  type WSOutputMessage,
} from '@claude-agent/client'

const PROMPT = 'Please read "input.txt", reverse its content, and save it to a new file named "output.txt"'
/** How long the agent may take, in milliseconds. */
const TURN_MS = 180_000

type AgentMessage = Extract<WSOutputMessage, { type: 'sdk_message' }>['data']

/** The agent was reached and did not do what it was asked. */
class WalkFailed extends Error {
  readonly code = 'walk_failed'
  readonly hint: string

  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

const { values: options } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://localhost:3000' },
    token: { type: 'string' },
    sandbox: { type: 'string' },
    template: { type: 'string' },
    broker: { type: 'string' },
    debug: { type: 'boolean', default: false },
  },
})

const { url, token, sandbox, template, debug } = options
const where = sandbox === undefined ? { connectionUrl: url, token } : { template, onProgress: showProgress }
const client = new ClaudeAgentClient({
  ...where,
  // What is no engine or no broker, start() refuses.
  sandbox: sandbox as ClientOptions['sandbox'],
  broker: options.broker as ClientOptions['broker'],
  debug,
})

try {
  await walk()
} catch (error) {
  process.exitCode = 1
  console.error(`\n${describeFailure(error)}`)
} finally {
  await client.stop()
}

/** The walk, step by step. */
async function walk(): Promise<void> {
  step(sandbox === undefined ? `Connect to ${url}` : `Make a sandbox (${sandbox}) and connect to it`)
  await client.start()
  line(client.sandboxId === undefined ? 'connected' : `connected to ${client.sandboxId}`)

  step('Watch the workspace')
  const watch = await client.watchDir('.', (event) => line(`${event.type.padEnd(6)} ${event.name}`), {
    recursive: true,
  })

  step('Write input.txt')
  const input = `Hello! This is a test file, written on ${new Date().toISOString()}.`
  await client.writeFile('input.txt', input)
  line(input)

  step(`Ask: ${PROMPT}`)
  await ask(PROMPT)

  step('Look at the files')
  for (const { name, type, size } of await client.listFiles()) {
    line(`${type.padEnd(7)} ${String(size).padStart(8)}  ${name}`)
  }

  step('Read output.txt')
  const output = await client.readFile('output.txt')
  line(output)
  if (output.trim() !== Array.from(input).reverse().join('')) {
    throw new WalkFailed(
      'output.txt does not hold the content of input.txt backwards.',
      'The agent did something else than it was asked; what it said is above.',
    )
  }
  line('It is input.txt backwards.')

  step('Stop')
  await watch.stop()
  await client.stop()
  line(
    sandbox === undefined
      ? 'disconnected; the server keeps the conversation'
      : 'disconnected; the sandbox is ended',
  )
}

/** Sends a prompt, shows what the agent says, and waits for the end of its turn. */
async function ask(content: string): Promise<void> {
  const uuid = crypto.randomUUID()
  const ended = new Promise<void>((resolve, reject) => {
    const late = (): void =>
      reject(new WalkFailed('The agent took too long.', 'What it did until then is above.'))
    setTimeout(late, TURN_MS).unref()
    client.onMessage((message) => {
      show(message)
      if (message.type === 'error') reject(new AgentServerError({ ...message, message: message.error }))
      if (message.type === 'sdk_message' && endsTurn(message.data, uuid)) resolve()
    })
    client.onState(({ status, error }) => {
      if (status === 'reconnecting') line(`reconnecting: ${error?.message}`)
      if (status === 'closed' && error !== undefined) reject(error)
    })
  })
  client.send({
    type: 'user_message',
    data: { type: 'user', uuid, session_id: 'example', message: { role: 'user', content } },
  })
  await ended
}

/** Whether the message is the result of the prompt, and not one that an earlier client left behind. */
function endsTurn(message: AgentMessage, uuid: string): boolean {
  return message.type === 'result' && (message.user_message_uuid ?? uuid) === uuid
}

/** Shows a message of the server in a line or two. */
function show(message: WSOutputMessage): void {
  if (message.type === 'info') line(`stderr  ${message.data.trim()}`)
  if (message.type !== 'sdk_message') return
  const { data } = message
  if (data.type === 'assistant') {
    for (const block of data.message.content) {
      if (block.type === 'text') line(`Claude  ${block.text}`)
      if (block.type === 'tool_use') line(`tool    ${block.name} ${shorten(JSON.stringify(block.input))}`)
    }
  }
  if (data.type === 'user' && Array.isArray(data.message.content)) {
    for (const block of data.message.content) {
      if (block.type !== 'tool_result') continue
      line(`${block.is_error === true ? 'failed ' : 'result '} ${shorten(JSON.stringify(block.content))}`)
    }
  }
  if (data.type === 'result') line(`done    ${data.subtype}, ${data.num_turns} turns, ${data.duration_ms} ms`)
}

/** What went wrong, with its code and what to do about it. */
function describeFailure(error: unknown): string {
  if (!(error instanceof AgentServerError || error instanceof WalkFailed)) {
    return `Failed: ${error instanceof Error ? error.stack : String(error)}`
  }
  const hint = error.hint === undefined ? '' : `\n  hint: ${error.hint}`
  return `Failed: ${error.message}\n  code: ${error.code}${hint}`
}

/** Shows what an engine does while it makes a sandbox. */
function showProgress({ step, message }: { step: string; message: string }): void {
  line(`${step.padEnd(7)} ${message}`)
}

/** A text that fits on a line. */
function shorten(text = ''): string {
  return text.length > 100 ? `${text.slice(0, 99)}…` : text
}

function step(title: string): void {
  console.log(`\n${title}`)
}

function line(text: string): void {
  console.log(`  ${text.replaceAll('\n', '\n  ')}`)
}
