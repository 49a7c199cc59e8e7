import type { IncomingHttpHeaders } from 'node:http'
import { ScriptedClaudeError } from '../errors.ts'
import type { Stretch } from './stretch.ts'
import { mergeStretches, replaceAcross, stretchesOf } from './stretch.ts'

/** Stands in a cassette for what was removed. */
const removed = '[removed]'

/** Secrets and ids of accounts that show by their form. */
const forms: readonly (readonly [string, RegExp])[] = [
  ['a key of Anthropic', /sk-ant-[\w-]{8,}/g],
  ['an API key', /\bsk-[\w-]{20,}/g],
  ['a bearer token', /\bBearer\s+[\w.~+/-]{16,}=*/gi],
  ['a JSON web token', /\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+/g],
  ['a key of AWS', /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g],
  ['a token of GitHub', /\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,})/g],
  ['a token of Slack', /\bxox[abeprs]-[\w-]{10,}/g],
  ['a key of Google', /\bAIza[\w-]{35}/g],
  [
    'a private key',
    /-----BEGIN [A-Z ]*PRIVATE KEY-----(?:(?!-----END)[\s\S])*(?:-----END [A-Z ]*PRIVATE KEY-----)?/g,
  ],
  ['an id of a request', /\breq_[A-Za-z0-9]{16,}/g],
  ['an id of an organization', /\borg-[A-Za-z0-9]{16,}/g],
  ['an id of a user', /\buser_[0-9a-f]{64}\w*/g],
]

/** Shorter values are no secrets but words such as `any`, which would be removed everywhere. */
const shortest = 8

/** How many values are known at once; beyond it the oldest is forgotten. */
const most = 1000

/** The header fields whose values must not be in a cassette, wherever they turn up. */
const secretHeaders = [
  'authorization',
  'x-api-key',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'anthropic-organization-id',
  'x-claude-code-session-id',
  'request-id',
  'x-request-id',
  'cf-ray',
]

/** What must not be in a cassette: values that were seen in headers and account fields, and what shows by its form. */
export class Secrets {
  readonly #values = new Set<string>()
  readonly #patterns: readonly (readonly [string, RegExp])[]

  constructor(patterns: readonly RegExp[] = []) {
    const own = patterns.map((pattern): [string, RegExp] => [
      'what a pattern of yours fits',
      new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '') + 'g'),
    ])
    this.#patterns = [...forms, ...own]
  }

  /** Learns the secret values of a request's or answer's headers. */
  learnHeaders(headers: IncomingHttpHeaders): void {
    for (const name of secretHeaders) {
      for (const value of [headers[name]].flat()) {
        if (value === undefined) continue
        this.#learn(value)
        if (name.endsWith('cookie')) {
          for (const pair of value.split(/;\s*/)) this.#learn(pair.slice(pair.indexOf('=') + 1))
        }
        const [, scheme, credential = ''] = /^(\w+)\s+(.+)$/.exec(value) ?? []
        this.#learn(credential)
        if (scheme?.toLowerCase() !== 'basic') continue
        for (const part of Buffer.from(credential, 'base64').toString('utf8').split(':')) this.#learn(part)
      }
    }
  }

  /** Learns who the user is by the `metadata` of a request. */
  learnUser(body: unknown): void {
    const userId = (body as { metadata?: { user_id?: unknown } } | null)?.metadata?.user_id
    if (typeof userId !== 'string') return
    this.#learn(userId)
    try {
      for (const value of Object.values(JSON.parse(userId) as object)) this.#learn(String(value))
    } catch {
      for (const part of userId.split('_')) if (part !== 'account' && part !== 'session') this.#learn(part)
    }
  }

  /** A text without them. */
  clean(text: string): string {
    return replaceAcross([text], this.find(text))[0] ?? ''
  }

  /** Where they are in a text. */
  find(text: string): Stretch[] {
    const known = [...this.#values].flatMap((value) => occurrences(text, value))
    const formed = this.#patterns.flatMap(([, pattern]) => stretchesOf(text, pattern, removed))
    return mergeStretches([...known, ...formed])
  }

  /**
   * Refuses a text that still holds one, also as it would be encoded.
   * @throws ScriptedClaudeError `secret_in_cassette`, without the secret
   */
  refuse(text: string, where: string): void {
    const kind = this.#kindIn(text)
    if (kind === undefined) return
    throw new ScriptedClaudeError({
      code: 'secret_in_cassette',
      message: `${where} still holds ${kind}; the cassette is not written.`,
      hint: 'Have it removed with --redact <pattern>, or keep it out of what the agent reads and says.',
    })
  }

  #kindIn(text: string): string | undefined {
    for (const value of this.#values) {
      const bytes = Buffer.from(value)
      const encoded = [
        value,
        encodeURIComponent(value),
        bytes.toString('base64'),
        bytes.toString('base64url'),
        bytes.toString('hex'),
      ]
      if (encoded.some((form) => text.includes(form))) return 'a credential or an id of the account'
    }
    return this.#patterns.find(([, pattern]) => text.search(pattern) >= 0)?.[0]
  }

  #learn(value: string): void {
    if (value.length < shortest) return
    this.#values.delete(value)
    this.#values.add(value)
    const [oldest] = this.#values
    if (this.#values.size > most && oldest !== undefined) this.#values.delete(oldest)
  }
}

/** Where a value is in a text. */
function occurrences(text: string, value: string): Stretch[] {
  const found: Stretch[] = []
  for (let start = text.indexOf(value); start >= 0; start = text.indexOf(value, start + value.length)) {
    found.push({ start, end: start + value.length, by: removed })
  }
  return found
}
