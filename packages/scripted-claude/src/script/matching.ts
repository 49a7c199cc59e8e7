import type { OpenRequest, ScriptedRequest } from '../request/scripted-request.ts'
import type { Match, Rule, TextPattern } from './script.ts'

/** The captures of a pattern in a text, `[0]` being the whole match; `undefined` if it does not fit. */
export function matchText(pattern: TextPattern, text: string): readonly string[] | undefined {
  if (typeof pattern === 'string') return text.includes(pattern) ? [pattern] : undefined
  if ('equals' in pattern) return text === pattern.equals ? [text] : undefined
  const { source, flags } = pattern instanceof RegExp ? pattern : toRegExp(pattern)
  // A fresh object, so that the flags g and y keep no position from request to request.
  const found = new RegExp(source, flags).exec(text)
  return found === null ? undefined : Array.from(found, (capture) => capture ?? '')
}

/** A pattern that came as JSON, as a regular expression. */
function toRegExp(pattern: { regex: string; flags?: string }): RegExp {
  return new RegExp(pattern.regex, pattern.flags)
}

/** Whether a rule fits a request, which then has the rule's captures. */
export function matchRule(rule: Rule, request: OpenRequest): boolean {
  const match = rule.match ?? {}
  if (request.kind !== (match.kind ?? 'message')) return false
  if (!fitsToolResult(match.toolResult ?? ('steps' in rule ? false : undefined), request)) return false
  if ('answers' in rule && request.answered >= rule.answers.length) return false
  if (match.tools !== undefined && !listOf(match.tools).every((name) => request.tools.includes(name))) {
    return false
  }
  if (match.model !== undefined && !matchText(match.model, request.model)) return false
  if (match.system !== undefined && !matchText(match.system, request.system)) return false
  if (!fitsHistory(match, request)) return false
  const captures = match.lastUserText === undefined ? [] : matchText(match.lastUserText, request.lastUserText)
  if (captures === undefined) return false
  request.captures = captures
  return rule.when === undefined || rule.when(request)
}

/** Whether each of the patterns occurs in what was said before this turn. */
function fitsHistory(match: Match, request: ScriptedRequest): boolean {
  if (match.history === undefined) return true
  return listOf(match.history).every((pattern) => matchText(pattern, request.history) !== undefined)
}

/** Whether the last tool result is there, or not, or like what the rule wants. */
function fitsToolResult(wanted: Match['toolResult'], request: ScriptedRequest): boolean {
  const result = request.toolResult
  if (wanted === undefined) return true
  if (typeof wanted === 'boolean') return wanted === (result !== undefined)
  if (result === undefined) return false
  if (typeof wanted === 'string' || wanted instanceof RegExp || 'regex' in wanted || 'equals' in wanted) {
    return matchText(wanted, result.text) !== undefined
  }
  if (wanted.tool !== undefined && wanted.tool !== result.tool) return false
  if (wanted.isError !== undefined && wanted.isError !== result.isError) return false
  return wanted.text === undefined || matchText(wanted.text, result.text) !== undefined
}

/** One or many, as many. */
function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T]
}
