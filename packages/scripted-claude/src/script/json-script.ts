import { requestKinds } from '../request/kind.ts'
import type { JsonObject } from './json-fields.ts'
import { readArray, readChoice, readNumber, readObject, readString, refuseScript } from './json-fields.ts'
import { checkPace, readSteps } from './json-step.ts'
import type { Match, Respond, Rule, RuleCondition, Script } from './script.ts'
import type { Pace, Step } from './step.ts'
import { fillDeep } from './template.ts'

/**
 * A script out of parsed JSON. Its texts, tool inputs and error messages may hold `{{placeholders}}`.
 * @throws ScriptedClaudeError `invalid_script`, naming the place
 */
export function parseScript(value: unknown): Script {
  const script = readObject(value, '', ['$schema', 'name', 'rules', 'fallback', 'pace'])
  const rules = readArray(script['rules'], 'rules').map((rule, index) => readRule(rule, `rules[${index}]`))
  if (script['pace'] !== undefined) checkPace(script['pace'], 'pace')
  return {
    rules,
    ...(script['name'] === undefined ? {} : { name: readString(script['name'], 'name') }),
    ...(script['pace'] === undefined ? {} : { pace: script['pace'] as Pace }),
    ...(script['fallback'] === undefined
      ? {}
      : { fallback: filling(readSteps(script['fallback'], 'fallback')) }),
  }
}

function readRule(value: unknown, at: string): Rule {
  const rule = readObject(value, at, ['name', 'match', 'times', 'pace', 'steps', 'answers'])
  const condition = readCondition(rule, at)
  const { steps, answers } = rule
  if ((steps === undefined) === (answers === undefined)) {
    refuseScript(at, `expected either steps or answers, got ${steps === undefined ? 'neither' : 'both'}`)
  }
  if (steps !== undefined) {
    // A rule with `steps` answers the prompt itself; one that is computed would answer the whole turn.
    const match: Match = { toolResult: false, ...condition.match }
    return { ...condition, match, respond: filling(readSteps(steps, `${at}.steps`)) }
  }
  const list = readArray(answers, `${at}.answers`).map((answer, index) => {
    return readSteps(answer, `${at}.answers[${index}]`)
  })
  return {
    ...condition,
    when: (request) => request.answered < list.length,
    respond: (request) => fillDeep(list[request.answered] ?? [], request),
  }
}

function readCondition(rule: JsonObject, at: string): RuleCondition {
  if (rule['pace'] !== undefined) checkPace(rule['pace'], `${at}.pace`)
  return {
    ...(rule['name'] === undefined ? {} : { name: readString(rule['name'], `${at}.name`) }),
    ...(rule['times'] === undefined ? {} : { times: readNumber(rule['times'], `${at}.times`, 1) }),
    ...(rule['pace'] === undefined ? {} : { pace: rule['pace'] as Pace }),
    ...(rule['match'] === undefined ? {} : { match: readMatch(rule['match'], `${at}.match`) }),
  }
}

function readMatch(value: unknown, at: string): Match {
  const fields = ['lastUserText', 'history', 'tools', 'toolResult', 'model', 'system', 'kind']
  const match = readObject(value, at, fields)
  for (const name of ['lastUserText', 'model', 'system']) {
    if (match[name] !== undefined) checkPattern(match[name], `${at}.${name}`)
  }
  checkEach(match['history'], `${at}.history`, checkPattern)
  checkEach(match['tools'], `${at}.tools`, readString)
  if (match['toolResult'] !== undefined) checkToolResult(match['toolResult'], `${at}.toolResult`)
  if (match['kind'] !== undefined) readChoice(match['kind'], `${at}.kind`, requestKinds)
  return match
}

function checkToolResult(value: unknown, at: string): void {
  if (typeof value === 'boolean') return
  if (typeof value === 'string' || 'regex' in Object(value) || 'equals' in Object(value)) {
    return checkPattern(value, at)
  }
  const match = readObject(value, at, ['text', 'tool', 'isError'])
  if (match['text'] !== undefined) checkPattern(match['text'], `${at}.text`)
  if (match['tool'] !== undefined) readString(match['tool'], `${at}.tool`)
  if (match['isError'] !== undefined && typeof match['isError'] !== 'boolean') {
    refuseScript(`${at}.isError`, 'expected true or false')
  }
}

function checkPattern(value: unknown, at: string): void {
  if (typeof value === 'string') return
  const pattern = readObject(value, at, ['regex', 'flags', 'equals'])
  if (pattern['equals'] !== undefined && pattern['regex'] === undefined) {
    readString(pattern['equals'], `${at}.equals`)
    return
  }
  const regex = readString(pattern['regex'], `${at}.regex`)
  const flags = pattern['flags'] === undefined ? '' : readString(pattern['flags'], `${at}.flags`)
  try {
    RegExp(regex, flags)
  } catch (error) {
    refuseScript(at, error instanceof Error ? error.message : String(error))
  }
}

/** Checks one value, or each of a list; nothing if there is none. */
function checkEach(value: unknown, at: string, check: (value: unknown, at: string) => unknown): void {
  if (value === undefined) return
  if (Array.isArray(value)) value.forEach((item, index) => check(item, `${at}[${index}]`))
  else check(value, at)
}

/** Answers with the steps, their placeholders filled. */
function filling(steps: readonly Step[]): Respond {
  return (request) => fillDeep(steps, request)
}
