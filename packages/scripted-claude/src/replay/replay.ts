import type { Cassette } from '../cassette/cassette.ts'
import { loadCassette } from '../cassette/cassette-file.ts'
import type { Exchange } from '../endpoints/exchange.ts'
import { defaultModels } from '../endpoints/models.ts'
import { route } from '../endpoints/router.ts'
import { ApiError, ScriptedClaudeError } from '../errors.ts'
import type { RunningServer, ServerOptions } from '../exchange-server.ts'
import { startExchangeServer } from '../exchange-server.ts'
import { Secrets } from '../record/secrets.ts'
import { Playbook } from '../script/playbook.ts'
import type { Strictness } from '../shape/difference.ts'
import { isModelPath } from '../shape/model-path.ts'
import { shapeOf } from '../shape/shape.ts'
import { play } from './play.ts'
import { Shelf } from './shelf.ts'
import { isSideRequest } from './side-request.ts'

export interface ReplayOptions extends ServerOptions {
  /** Path of the cassette. */
  cassette: string
  /** How alike a request and its recording have to be. @default 'loose' */
  match?: Strictness
  /** What a request gets whose recordings have all been played: an error, or the last of them again. @default 'error' */
  onUsedUp?: 'error' | 'repeat'
  /** Whether recorded pauses and `retry-after` are kept. @default true */
  pauses?: boolean
  /** As given to the recorder. @default [] */
  redact?: readonly RegExp[]
}

/** A replay that runs. */
export interface Replay extends RunningServer {
  /** The requests that no recording fitted, each in a sentence that names the nearest one and the difference. */
  readonly unmatched: readonly string[]
  /** The recordings that were never played. */
  readonly unused: readonly string[]
  /**
   * Holds the replay to what was recorded; with `all` each recording has to have been played.
   * @throws ScriptedClaudeError `unmatched_requests`, also when no request came at all, or `unused_recordings`
   */
  assertMatched(options?: { all?: boolean }): void
}

/** How many different unmatched requests are told apart. */
const mostUnmatched = 1000

/**
 * Starts a server that answers with what was recorded.
 * @throws ScriptedClaudeError `unreadable_cassette`, `invalid_cassette` or `cannot_listen`
 */
export async function startReplay(options: ReplayOptions): Promise<Replay> {
  const cassette = await loadCassette(options.cassette)
  const secrets = new Secrets(options.redact)
  const strictness = options.match ?? 'loose'
  const shelf = new Shelf(cleaned(cassette, secrets), strictness, options.onUsedUp === 'repeat')
  const unmatched = new Set<string>()
  let matched = 0

  const server = await startExchangeServer(options, async (exchange) => {
    const { record } = exchange
    if (!isModelPath(record.path)) {
      if (record.path.startsWith('/v1/')) note(unmatched, `${record.method} ${record.path} is never recorded`)
      return route(exchange, scripted)
    }
    const { shape, directory } = await shapeRequest(exchange, secrets)
    const finding = shelf.take(shape)
    if (finding.type === 'found') {
      matched += 1
      record.rule = `exchange ${finding.place}`
      return play(exchange, finding.exchange.answer, { directory, keepsPauses: options.pauses ?? true })
    }
    if (strictness === 'loose' && isSideRequest(shape)) return route(exchange, scripted)
    record.rule = 'unmatched'
    note(unmatched, finding.reason)
    const message = `scripted-claude: no recording in ${options.cassette} fits ${finding.reason}.`
    throw new ApiError({ status: 400, message, headers: { 'x-should-retry': 'false' } })
  })

  return {
    ...server,
    get unmatched() {
      return [...unmatched]
    },
    get unused() {
      return shelf.unused
    },
    assertMatched({ all = false } = {}) {
      const found = [...unmatched]
      if (found.length > 0) throw failure('unmatched_requests', 'What was asked has no recording', found)
      if (matched === 0) throw failure('unmatched_requests', 'Nothing was asked', ['no request was matched'])
      const { unused } = shelf
      if (all && unused.length > 0)
        throw failure('unused_recordings', 'What was recorded was not asked', unused)
    },
  }
}

/** What answers that is not of the conversation and was not recorded. */
const scripted = { playbook: new Playbook({ rules: [] }, 'error'), credentials: {}, models: defaultModels }

/** The shape of a request, which is marked with its kind. */
async function shapeRequest(exchange: Exchange, secrets: Secrets) {
  const { record, request } = exchange
  secrets.learnHeaders(request.headers)
  const hasBody = record.method !== 'GET' && record.method !== 'HEAD'
  const value = hasBody ? (await exchange.readBody()).value : undefined
  const shaped = shapeOf(record.method, record.path, value, (text) => secrets.clean(text))
  record.kind = shaped.shape.kind
  return shaped
}

/** A cassette from whose requests the caller's patterns are gone too. */
function cleaned(cassette: Cassette, secrets: Secrets): Cassette {
  const clean = (text: string) => secrets.clean(text)
  const exchanges = cassette.exchanges.map(({ request, answer }) => {
    const { says, results, ...shape } = request
    const texts = says === undefined ? {} : { says: says.map(clean) }
    const outcomes = results?.map((result) => ({ ...result, text: clean(result.text) }))
    return {
      request: { ...shape, ...texts, ...(outcomes === undefined ? {} : { results: outcomes }) },
      answer,
    }
  })
  return { ...cassette, exchanges }
}

function note(unmatched: Set<string>, reason: string): void {
  if (unmatched.size < mostUnmatched) unmatched.add(reason)
}

/** A failed assertion, with a list of what should not be. */
function failure(
  code: 'unmatched_requests' | 'unused_recordings',
  what: string,
  found: readonly string[],
): ScriptedClaudeError {
  const more = found.length > 20 ? [`and ${found.length - 20} more`] : []
  return new ScriptedClaudeError({
    code,
    message: [`${what}:`, ...found.slice(0, 20), ...more].join('\n  - '),
    hint: 'If the agent was meant to change, record the cassette again.',
  })
}
