import type { SDKResultMessage } from '@anthropic-ai/claude-agent-sdk'
import {
  AgentServerError,
  type SessionLimits,
  type SessionUsage,
  type UsageTotals,
} from '@claude-agent/protocol'

const NOTHING: UsageTotals = {
  costUsd: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadInputTokens: 0,
  cacheCreationInputTokens: 0,
}

type Field = keyof UsageTotals

/** What a usage is kept as between two starts of the server. */
export interface UsageSnapshot {
  used: UsageTotals
  counter: UsageTotals
  turns: number
  wallMs: number
}

/**
 * Adds up what a session uses. The SDK's results carry a counter that grows from turn to turn; each process begins at
 * what the last one that ended in order had left in the transcript, and `/clear` sets it back.
 */
export class Usage {
  #used: UsageTotals
  /** Where the SDK's counter stands. */
  #counter: UsageTotals
  #turns: number
  #wallMs: number

  constructor(snapshot?: UsageSnapshot) {
    this.#used = snapshot?.used ?? NOTHING
    this.#counter = snapshot?.counter ?? NOTHING
    this.#turns = snapshot?.turns ?? 0
    this.#wallMs = snapshot?.wallMs ?? 0
  }

  get total(): SessionUsage {
    return { ...this.#used, turns: this.#turns, wallMs: this.#wallMs }
  }

  /** A process has begun, with the counter at `totals`. */
  begin(totals: UsageTotals = NOTHING): void {
    this.#counter = totals
  }

  /** It goes on from what was used elsewhere. */
  set({ turns, wallMs, ...used }: SessionUsage): void {
    this.#used = used
    this.#counter = NOTHING
    this.#turns = turns
    this.#wallMs = wallMs
  }

  hearResult(result: SDKResultMessage): void {
    const now = readTotals(result.total_cost_usd, result.modelUsage)
    // A crash's result may carry zeroed values.
    const spent = map((field) => Math.max(0, now[field] - this.#counter[field]))
    this.#used = map((field) => this.#used[field] + spent[field])
    this.#counter = map((field) => Math.max(now[field], this.#counter[field]))
  }

  /** The SDK's counter was set back. */
  reset(): void {
    this.#counter = NOTHING
  }

  addTurn(): void {
    this.#turns += 1
  }

  addWall(ms: number): void {
    this.#wallMs += Math.max(0, ms)
  }

  get snapshot(): UsageSnapshot {
    return { used: this.#used, counter: this.#counter, turns: this.#turns, wallMs: this.#wallMs }
  }
}

/** Totals over all models, from a result or from a transcript. */
export function readTotals(costUsd: unknown, modelUsage: unknown): UsageTotals {
  const models = Object.values((modelUsage ?? {}) as Record<string, Partial<Record<Field, number>>>)
  return map((field) =>
    field === 'costUsd' ? Number(costUsd) || 0 : models.reduce((sum, model) => sum + (model[field] ?? 0), 0),
  )
}

/** A limit that is reached, with what is used. */
export interface ReachedLimit {
  name: keyof SessionLimits
  limit: number
  used: number
}

/** The first limit that is reached. */
export function reachedLimit(usage: SessionUsage, limits: SessionLimits): ReachedLimit | undefined {
  const tokens =
    usage.inputTokens + usage.outputTokens + usage.cacheReadInputTokens + usage.cacheCreationInputTokens
  const used: Record<keyof SessionLimits, number> = {
    maxCostUsd: usage.costUsd,
    maxTokens: tokens,
    maxTurns: usage.turns,
    maxWallMs: usage.wallMs,
  }
  for (const [name, limit] of Object.entries(limits) as [keyof SessionLimits, number | undefined][]) {
    if (limit !== undefined && used[name] >= limit) return { name, limit, used: used[name] }
  }
  return undefined
}

/** The error for prompts of a session at its limit. */
export function budgetReached({ name, limit, used }: ReachedLimit): AgentServerError {
  return new AgentServerError({
    code: 'budget_reached',
    message: `The session has reached its limit: ${name} is ${limit}, ${used} are used.`,
    hint: 'Raise it with PATCH /sessions/:id {"limits": {…}}.',
  })
}

function map(value: (field: Field) => number): UsageTotals {
  return Object.fromEntries(
    (Object.keys(NOTHING) as Field[]).map((field) => [field, value(field)]),
  ) as Record<Field, number>
}
