import { ScriptedClaudeError } from '../errors.ts'
import type { OpenRequest, ScriptedRequest } from '../request/scripted-request.ts'
import { answerAuxiliary } from './auxiliary.ts'
import { matchRule } from './matching.ts'
import type { Respond, Rule, Script, Steps } from './script.ts'
import type { Pace, Step } from './step.ts'

/** What to answer, and by which rule. */
export interface Choice {
  /** Name of the rule; `fallback`, `unmatched`, or the kind of an auxiliary request. */
  rule: string
  steps: Steps | Promise<Steps>
  pace: Pace
}

/** A script in use: it knows how often each rule has applied. */
export class Playbook {
  readonly #script: Script
  readonly #onUnmatched: 'error' | 'text'
  readonly #uses: number[]

  constructor(script: Script, onUnmatched: 'error' | 'text') {
    checkRules(script)
    this.#script = script
    this.#onUnmatched = onUnmatched
    this.#uses = script.rules.map(() => 0)
  }

  /** The answer of the first rule that fits, else of the server itself, else of the fallback. */
  choose(request: OpenRequest): Choice {
    const pace = this.#script.pace ?? {}
    for (const [index, rule] of this.#script.rules.entries()) {
      if (rule.times !== undefined && (this.#uses[index] ?? 0) >= rule.times) continue
      if (!matchRule(rule, request)) continue
      this.#uses[index] = (this.#uses[index] ?? 0) + 1
      return { rule: nameOf(rule, index), steps: stepsOf(rule, request), pace: { ...pace, ...rule.pace } }
    }
    request.captures = []
    const auxiliary = answerAuxiliary(request)
    if (auxiliary !== undefined) return { rule: request.kind, steps: auxiliary, pace: {} }
    const { fallback } = this.#script
    if (fallback !== undefined) {
      return { rule: 'fallback', steps: isRespond(fallback) ? fallback(request) : fallback, pace }
    }
    return { rule: 'unmatched', steps: this.#answerUnmatched(request), pace }
  }

  /** What is said to a request that the script did not foresee. */
  #answerUnmatched(request: ScriptedRequest): Step[] {
    const after = request.toolResult === undefined ? '' : ` after a result of ${request.toolResult.tool}`
    const message =
      `scripted-claude: no rule of the script fits this request: ` +
      `last user text ${JSON.stringify(shorten(request.lastUserText))}${after}. Add a rule or a fallback.`
    if (this.#onUnmatched === 'text') return [{ text: message }]
    return [{ error: { status: 400, message, headers: { 'x-should-retry': 'false' } } }]
  }
}

/** The steps with which a rule answers. */
function stepsOf(rule: Rule, request: ScriptedRequest): Steps | Promise<Steps> {
  if ('steps' in rule) return rule.steps
  if ('answers' in rule) return rule.answers[request.answered] ?? []
  return rule.respond(request)
}

/** Whether a fallback is computed. */
function isRespond(fallback: readonly Step[] | Respond): fallback is Respond {
  return typeof fallback === 'function'
}

/** The name of a rule, or its place in the list. */
function nameOf(rule: Rule, index: number): string {
  return rule.name ?? String(index + 1)
}

/** The beginning of a long text. */
function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text
}

/** Refuses a script whose rules do not say how they answer, or say it twice. */
function checkRules(script: Script): void {
  for (const [index, rule] of script.rules.entries()) {
    const ways = ['steps', 'answers', 'respond'].filter((way) => way in rule)
    if (ways.length === 1) continue
    throw new ScriptedClaudeError({
      code: 'invalid_script',
      message: `Rule ${nameOf(rule, index)} has ${ways.length === 0 ? 'no answer' : ways.join(' and ')}.`,
      hint: 'Give each rule exactly one of steps, answers and respond.',
    })
  }
}
