import { query } from '@anthropic-ai/claude-agent-sdk'

/** The prompt as both sides send it. */
function promptOf(text) {
  return { type: 'user', parent_tool_use_id: null, message: { role: 'user', content: text } }
}

/** The SDK's options as the server sets them by default, for the bare SDK. */
export async function createOptions(lab, options = {}) {
  return {
    cwd: await lab.folder('bare-workspace'),
    env: await lab.environment('bare'),
    permissionMode: 'bypassPermissions',
    allowDangerouslySkipPermissions: true,
    settingSources: ['project'],
    ...options,
  }
}

const END = Symbol('end')

/** The input of a query: what is pushed, until `END` is. */
class Inbox {
  #waiting = []
  #wake = () => {}

  push(item) {
    this.#waiting.push(item)
    this.#wake()
  }

  async *read() {
    for (;;) {
      if (this.#waiting.length === 0) await new Promise((resolve) => (this.#wake = resolve))
      const item = this.#waiting.shift()
      if (item === END) return
      yield item
    }
  }
}

/** A query of the bare SDK in streaming input mode that lives on: the counterpart of a client and its server. */
export async function openQuery(lab, options) {
  const prompts = new Inbox()
  const listeners = new Set()
  const live = query({ prompt: prompts.read(), options: await createOptions(lab, options) })
  const ended = (async () => {
    for await (const message of live) for (const listener of listeners) listener(message)
  })()
  return {
    send: (text) => prompts.push(promptOf(text)),
    onMessage(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async stop() {
      prompts.push(END)
      await ended
    },
  }
}

/** A client of ours with the face of `openQuery`. */
export function asQuery(client) {
  return {
    send: (text) => client.send({ type: 'user_message', data: promptOf(text) }),
    onMessage: (listener) =>
      client.onMessage((frame) => frame.type === 'sdk_message' && listener(frame.data)),
  }
}

/** Whether a message is a delta of the text that is being streamed. */
export function isDelta(message) {
  return message.type === 'stream_event' && message.event.delta?.type === 'text_delta'
}

/**
 * Sends a prompt and resolves at the first message that `isEnd` accepts; `onMessage` hears all until then.
 * @returns {Promise<number>} milliseconds from the prompt to that message
 */
export function timeTurn(
  session,
  text,
  { isEnd = (message) => message.type === 'result', onMessage = () => {} } = {},
) {
  return new Promise((resolve) => {
    const stop = session.onMessage((message) => {
      onMessage(message)
      if (!isEnd(message)) return
      const took = performance.now() - from
      stop()
      resolve(took)
    })
    const from = performance.now()
    session.send(text)
  })
}
