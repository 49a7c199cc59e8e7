import { expect, test } from 'vitest'
import { parseScript } from '../src/index.ts'

/** A script of one rule with these steps. */
function withSteps(...steps: unknown[]): object {
  return { rules: [{ steps }] }
}

/** A script of one rule with this match. */
function withMatch(match: unknown): object {
  return { rules: [{ match, steps: [] }] }
}

test.each<[string, unknown, RegExp]>([
  ['a list', [], /^The script: expected an object, got a list\.$/],
  ['nothing', null, /^The script: expected an object, got null\.$/],
  ['no rules', {}, /^rules: expected a list, got nothing\.$/],
  [
    'an unknown field',
    { rules: [], rulez: [] },
    /^The script: unknown field 'rulez' \(known: \$schema, name, rules/,
  ],
  ['a rule that is no object', { rules: ['a'] }, /^rules\[0\]: expected an object, got a string\.$/],
  [
    'a rule without an answer',
    { rules: [{}] },
    /^rules\[0\]: expected either steps or answers, got neither\.$/,
  ],
  ['a rule with two', { rules: [{ steps: [], answers: [] }] }, /^rules\[0\]: .* got both\.$/],
  ['a rule with code', { rules: [{ respond: 'x', steps: [] }] }, /^rules\[0\]: unknown field 'respond'/],
  [
    'a name that is no string',
    { rules: [{ name: 5, steps: [] }] },
    /^rules\[0\]\.name: expected a string, got a number/,
  ],
  ['times of 0', { rules: [{ times: 0, steps: [] }] }, /^rules\[0\]\.times: .*at least 1, got 0\.$/],
  ['times of 1.5', { rules: [{ times: 1.5, steps: [] }] }, /^rules\[0\]\.times: expected a whole number/],
  [
    'answers that are steps',
    { rules: [{ answers: [{ text: 'a' }] }] },
    /^rules\[0\]\.answers\[0\]: expected a list/,
  ],
  ['an unknown matcher', withMatch({ lastUsrText: 'a' }), /^rules\[0\]\.match: unknown field 'lastUsrText'/],
  [
    'a pattern that is a number',
    withMatch({ model: 5 }),
    /^rules\[0\]\.match\.model: expected an object, got a number/,
  ],
  [
    'a broken pattern',
    withMatch({ lastUserText: { regex: '(' } }),
    /^rules\[0\]\.match\.lastUserText: Invalid regular/,
  ],
  [
    'broken flags',
    withMatch({ system: { regex: 'a', flags: 'zz' } }),
    /^rules\[0\]\.match\.system: Invalid flags/,
  ],
  [
    'a pattern of two kinds',
    withMatch({ system: { equals: 'a', regex: 5 } }),
    /^rules\[0\]\.match\.system\.regex: /,
  ],
  ['a history that is a number', withMatch({ history: [5] }), /^rules\[0\]\.match\.history\[0\]: /],
  ['tools that are numbers', withMatch({ tools: [5] }), /^rules\[0\]\.match\.tools\[0\]: expected a string/],
  [
    'an unknown field of a result',
    withMatch({ toolResult: { name: 'a' } }),
    /^rules\[0\]\.match\.toolResult: unknown field/,
  ],
  [
    'isError in words',
    withMatch({ toolResult: { isError: 'yes' } }),
    /toolResult\.isError: expected true or false/,
  ],
  [
    'an unknown kind',
    withMatch({ kind: 'titel' }),
    /^rules\[0\]\.match\.kind: expected one of message, title/,
  ],
  [
    'an unknown step',
    withSteps({ say: 'a' }),
    /^rules\[0\]\.steps\[0\]: a step has exactly one of text, .*; this has none/,
  ],
  ['a step of two kinds', withSteps({ text: 'a', hang: true }), /this has text and hang\.$/],
  [
    'a step with a stranger',
    withSteps({ text: 'a', size: 1 }),
    /^rules\[0\]\.steps\[0\]: unknown field 'size'/,
  ],
  [
    'a text that is a number',
    withSteps({ text: 5 }),
    /^rules\[0\]\.steps\[0\]\.text: expected a string, got a number/,
  ],
  [
    'an unknown placeholder',
    withSteps({ text: '{{nope}}' }),
    /^rules\[0\]\.steps\[0\]\.text: unknown placeholder/,
  ],
  [
    'a placeholder in a tool input',
    withSteps({ toolUse: { name: 'A', input: { a: ['{{x}}'] } } }),
    /toolUse\.input\.a\.0: unknown/,
  ],
  ['repeat of 0', withSteps({ text: 'a', repeat: 0 }), /^rules\[0\]\.steps\[0\]\.repeat: /],
  [
    'an unknown each',
    withSteps({ text: 'a', each: 'word' }),
    /\.each: expected one of delta, block, got "word"/,
  ],
  ['a pace of 0', withSteps({ text: 'a', pace: { deltasPerSecond: 0 } }), /\.pace\.deltasPerSecond: /],
  ['a pace with a stranger', withSteps({ text: 'a', pace: { speed: 1 } }), /\.pace: unknown field 'speed'/],
  [
    'a tool without a name',
    withSteps({ toolUse: { input: {} } }),
    /\.toolUse\.name: expected a string, got nothing/,
  ],
  [
    'a tool input that is a list',
    withSteps({ toolUse: { name: 'A', input: [] } }),
    /\.toolUse\.input: expected an object/,
  ],
  ['a delay in words', withSteps({ delayMs: 'long' }), /\.delayMs: expected a number, got a string/],
  ['a delay below 0', withSteps({ delayMs: -1 }), /\.delayMs: expected a number of at least 0, got -1/],
  ['hang: false', withSteps({ hang: false }), /\.hang: expected true/],
  ['an unknown cut', withSteps({ cut: 'here' }), /\.cut: expected one of mid-event, got "here"/],
  ['an error without status', withSteps({ error: {} }), /\.error\.status: expected a number, got nothing/],
  ['an error 200', withSteps({ error: { status: 200 } }), /\.error\.status: .*at least 400, got 200/],
  ['an error 600', withSteps({ error: { status: 600 } }), /\.error\.status: expected 400 to 599, got 600/],
  ['an unknown error', withSteps({ error: { status: 400, type: 'oops' } }), /\.error\.type: expected one of/],
  [
    'headers that are numbers',
    withSteps({ error: { status: 400, headers: { a: 1 } } }),
    /\.error\.headers\.a: /,
  ],
  ['an unknown stop reason', withSteps({ stopReason: 'tired' }), /\.stopReason: expected one of end_turn/],
  ['unknown tokens', withSteps({ usage: { tokens: 1 } }), /\.usage: unknown field 'tokens'/],
  [
    'half a token',
    withSteps({ usage: { input_tokens: 0.5 } }),
    /\.usage\.input_tokens: expected a whole number/,
  ],
  ['a fallback that is no list', { rules: [], fallback: 'a' }, /^fallback: expected a list, got a string/],
  ['a broken pace of the script', { rules: [], pace: { deltaSize: 0 } }, /^pace\.deltaSize: /],
])('%s is refused, with its place', (_what, script, message) => {
  expect(() => parseScript(script)).toThrow(message)
  expect(() => parseScript(script)).toThrow(expect.objectContaining({ code: 'invalid_script' }))
})
