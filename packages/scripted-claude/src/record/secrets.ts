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

/** How many credentials, and how many ids, are known at once; beyond it the oldest is forgotten. */
const most = 100

/** The header fields with credentials. */
const credentialHeaders = ['authorization', 'x-api-key', 'proxy-authorization', 'cookie']

/** The header fields with ids that tell of the account or the connection. */
const idHeaders = [
  'anthropic-organization-id',
  'x-claude-code-session-id',
  'request-id',
  'x-request-id',
  'cf-ray',
]

/** What must not be in a cassette: values that were seen in headers and account fields, and what shows by its form. */
export class Secrets {
  readonly #credentials = new Set<string>()
  readonly #ids = new Set<string>()
  #credentialCount = 0
  readonly #patterns: readonly (readonly [string, RegExp])[]

  constructor(patterns: readonly RegExp[] = []) {
    const own = patterns.map((pattern): [string, RegExp] => [
      'what a pattern of yours fits',
      new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '') + 'g'),
    ])
    this.#patterns = [...forms, ...own]
  }

  /** How many credentials have been learned so far: a text that was looked through before has to be again. */
  get credentialCount(): number {
    return this.#credentialCount
  }

  /** Learns the secret values of a request's or answer's headers. */
  learnHeaders(headers: IncomingHttpHeaders): void {
    for (const name of credentialHeaders) {
      for (const value of [headers[name]].flat()) if (value !== undefined) this.#learnCredential(name, value)
    }
    for (const name of idHeaders) {
      for (const value of [headers[name]].flat()) if (value !== undefined) this.#learn(this.#ids, value)
    }
    for (const cookie of headers['set-cookie'] ?? []) this.#learn(this.#ids, cookieValue(cookie))
  }

  /** Learns who the user is by the `metadata` of a request. */
  learnUser(body: unknown): void {
    const userId = (body as { metadata?: { user_id?: unknown } } | null)?.metadata?.user_id
    if (typeof userId !== 'string') return
    this.#learn(this.#ids, userId)
    try {
      for (const value of Object.values(JSON.parse(userId) as object)) this.#learn(this.#ids, String(value))
    } catch {
      for (const part of userId.split('_')) this.#learn(this.#ids, part)
    }
  }

  /** A text without them. */
  clean(text: string): string {
    return replaceAcross([text], this.find(text))[0] ?? ''
  }

  /** Where they are in a text. */
  find(text: string): Stretch[] {
    const known = [...this.#credentials, ...this.#ids].flatMap((value) => occurrences(text, value))
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
    for (const value of this.#credentials) {
      const bytes = Buffer.from(value)
      const encoded = [
        value,
        encodeURIComponent(value),
        bytes.toString('base64'),
        bytes.toString('base64url'),
        bytes.toString('hex'),
      ]
      if (encoded.some((form) => text.includes(form))) return 'a credential'
    }
    if ([...this.#ids].some((id) => text.includes(id))) return 'an id of the account'
    return this.#patterns.find(([, pattern]) => text.search(pattern) >= 0)?.[0]
  }

  /** Learns a credential, as it stands in its header and in parts. */
  #learnCredential(name: string, value: string): void {
    const [, scheme = '', credential = ''] = /^(\w+)\s+(.+)$/.exec(value) ?? []
    const parts = [value]
    if (name === 'cookie') parts.push(...value.split(';').map(cookieValue))
    else if (scheme.toLowerCase() === 'basic') {
      parts.push(credential, ...Buffer.from(credential, 'base64').toString('utf8').split(':'))
    } else parts.push(credential)
    for (const part of parts) {
      if (part.length >= shortest && !this.#credentials.has(part)) this.#credentialCount += 1
      this.#learn(this.#credentials, part)
    }
  }

  #learn(known: Set<string>, value: string): void {
    if (value.length < shortest) return
    known.delete(value)
    known.add(value)
    const [oldest] = known
    if (known.size > most && oldest !== undefined) known.delete(oldest)
  }
}

/** The value of a cookie, without its attributes. */
function cookieValue(cookie: string): string {
  const [pair = ''] = cookie.split(';')
  return pair.slice(pair.indexOf('=') + 1).trim()
}

/** Where a value is in a text. */
function occurrences(text: string, value: string): Stretch[] {
  const found: Stretch[] = []
  for (let start = text.indexOf(value); start >= 0; start = text.indexOf(value, start + value.length)) {
    found.push({ start, end: start + value.length, by: removed })
  }
  return found
}
