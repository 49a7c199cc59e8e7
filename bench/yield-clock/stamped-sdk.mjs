import { startup as start } from '@anthropic-ai/claude-agent-sdk'

export * from '@anthropic-ai/claude-agent-sdk'

/** The SDK's `startup`, whose query puts the time into each message at the moment at which it yields it. */
export async function startup(...args) {
  const warm = await start(...args)
  return {
    query: (prompt) => stamp(warm.query(prompt)),
    close: () => warm.close(),
  }
}

/** `benchYieldedAt` is in nanoseconds of the clock that all processes of a machine share (`process.hrtime`). */
function stamp(query) {
  const messages = query[Symbol.asyncIterator]()
  const next = async () => {
    const result = await messages.next()
    if (!result.done) result.value.benchYieldedAt = String(process.hrtime.bigint())
    return result
  }
  query[Symbol.asyncIterator] = () => ({ next, return: () => messages.return(undefined) })
  return query
}
