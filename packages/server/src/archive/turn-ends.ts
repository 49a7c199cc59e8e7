import { AgentServerError, type LoggedEvent, type Seq, type SessionUsage } from '@claude-agent/protocol'
import type { Feed } from '../log/feed.ts'
import type { ConversationSnapshot } from '../session/conversation.ts'
import { SessionState, type MadeCall, type StateSnapshot } from '../session/state.ts'

/** A point at which a session can be copied, and what it was there. */
export interface TurnEnd {
  at: Seq
  conversation: ConversationSnapshot
  usage: SessionUsage
  calls: [string, MadeCall][]
  /** Prompts that had been accepted and had not begun. */
  waiting: string[]
}

/**
 * Finds the point at which a session is to be copied: where no prompt has begun and not ended, so that its log and what
 * the model remembers tell the same. Without `at`: the last such point.
 * @throws AgentServerError `no_turn_end`, `invalid_request`
 */
export async function findTurnEnd(
  feed: Feed,
  state: SessionState,
  rest: { log: string; state: StateSnapshot } | undefined,
  at?: Seq,
): Promise<TurnEnd> {
  await feed.settled()
  const { lastSeq, firstSeq } = feed
  if (at !== undefined && at > lastSeq) throw noTurnEnd(at, `the last event is ${lastSeq}`)
  if ((at ?? lastSeq) === lastSeq && state.seq === lastSeq && state.openPrompts.length === 0)
    return describe(state)
  if (at !== undefined && at < firstSeq - 1)
    throw noTurnEnd(at, `the oldest event that is still there is ${firstSeq}`)
  const isUsable =
    rest !== undefined &&
    rest.log === feed.id &&
    rest.state.seq <= (at ?? lastSeq) &&
    rest.state.prompts.every(({ outcome }) => outcome !== undefined)
  const fold = new SessionState(isUsable ? rest.state : undefined)
  let found = fold.seq > 0 || firstSeq === 1 ? describe(fold) : undefined
  if (at !== undefined && found?.at === at) return asCopied(found, state)
  for await (const entries of feed.read(fold.seq)) {
    for (const { event } of entries as Iterable<{ event: LoggedEvent }>) {
      const joined = event.type === 'prompt_ended' && fold.prompt(event.uuid)?.joins === true
      fold.apply(event)
      if (!isTurnEnd(event, fold, joined)) continue
      if (at !== undefined && event.seq > at) throw between(at, found?.at, event.seq)
      // At the end of a prompt, or at the very event that is asked for: the others are as good as the one before.
      if (event.type === 'prompt_ended' || event.seq === at) found = describe(fold)
      if (event.seq === at) return asCopied(found!, state)
    }
  }
  if (found === undefined || (at !== undefined && found.at !== at)) throw between(at ?? lastSeq, found?.at)
  return asCopied(found, state)
}

/** What stands before a copy's own beginning was said in another conversation; this session has it in its own one. */
function asCopied(turnEnd: TurnEnd, { conversation: { sdkSessionIds }, copiedSeq }: SessionState): TurnEnd {
  const { at, conversation } = turnEnd
  if (at > copiedSeq || conversation.sdkSessionId === undefined) return turnEnd
  const [own] = sdkSessionIds
  const { sdkSessionId: _, ...rest } = conversation
  return {
    ...turnEnd,
    conversation: own === undefined ? { ...rest, begun: false } : { ...rest, sdkSessionId: own },
  }
}

function isTurnEnd(event: LoggedEvent, state: SessionState, joined: boolean): boolean {
  const open = state.openPrompts
  if (open.length === 0) return true
  // The next one in line begins after this: nothing of it is in the log yet.
  const isEnd = event.type === 'prompt_ended' && event.outcome !== 'cancelled' && !joined
  return isEnd && open.every(({ joins }) => !joins)
}

function describe(state: SessionState): TurnEnd {
  return {
    at: state.seq,
    conversation: state.conversation.snapshot,
    usage: state.usageNow,
    calls: [...state.calls],
    waiting: state.openPrompts.map(({ uuid }) => uuid),
  }
}

function between(at: Seq, before: Seq | undefined, after?: Seq): AgentServerError {
  const ends = [before, after].filter((seq) => seq !== undefined).join(' and ')
  return noTurnEnd(at, ends === '' ? 'no turn has ended yet' : `turns ended at ${ends}`)
}

function noTurnEnd(at: Seq, why: string): AgentServerError {
  return new AgentServerError({
    code: 'no_turn_end',
    message: `A copy cannot end with event ${at}, since no turn ends there: ${why}.`,
    hint: 'Give the seq of a prompt_ended as `at`, or leave it out for the last turn that has ended.',
  })
}
