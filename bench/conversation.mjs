import { connect } from '@claude-agent/client'

const TURN_MS = 120_000

/** A new session on a server with a client of ours that reads it live. */
export async function createConversation(url, request = {}) {
  return await openConversation(await connect({ url }).createSession(request))
}

/** A session that a client of ours has attached to, from now on: `session.events()` of the client library. */
export async function openConversation(session) {
  const listeners = new Set()
  const events = session.events({ after: 'latest' })
  await events.next()
  const ended = (async () => {
    for await (const event of events) for (const listener of listeners) listener(event)
  })()
  // Who stops hears of it.
  ended.catch(() => {})
  const conversation = {
    session,
    onEvent(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    take: (text, hear) => takeTurn(conversation, text, hear),
    async stop() {
      await events.return()
      await Promise.all([ended, session.close()])
    },
  }
  return conversation
}

/** Sends a prompt and resolves once it has ended in order; `hear` gets every event until then. */
async function takeTurn({ session, onEvent }, text, hear = () => {}) {
  const gaveUp = AbortSignal.timeout(TURN_MS)
  await new Promise((resolve, reject) => {
    const stop = onEvent((event) => {
      hear(event)
      if (event.type === 'error') end(() => reject(new Error(`${event.code}: ${event.error}`)))
      if (event.type === 'prompt_ended')
        end(() => (event.outcome === 'completed' ? resolve() : reject(new Error(event.outcome))))
    })
    const giveUp = () => end(() => reject(new Error(`The turn '${text}' did not end within ${TURN_MS} ms.`)))
    gaveUp.addEventListener('abort', giveUp)
    session.send(text).catch((error) => end(() => reject(error)))

    function end(settle) {
      stop()
      gaveUp.removeEventListener('abort', giveUp)
      settle()
    }
  })
}

/** Whether an event is a delta of the text that is being streamed. */
export function isDeltaEvent(event) {
  return event.type === 'sdk_message' && event.data.event?.delta?.type === 'text_delta'
}

/** Milliseconds since the SDK of a server that stamps (`yield-clock`) yielded the message of an event. */
export function delayOf({ data }) {
  return Number(process.hrtime.bigint() - BigInt(data.benchYieldedAt)) / 1e6
}
