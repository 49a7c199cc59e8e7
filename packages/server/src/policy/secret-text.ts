import { REDACTED } from '@claude-agent/protocol'

const LONG =
  'passw|passphrase|secret|token(?!s)|api[-_]?key|access[-_]?key|private[-_]?key|credential|authoriz|cookie|bearer'
const SHORT = 'auth|dsn|jwt|key|otp|pass|pat|pwd|session|sid|sig|signature'
const NAME = `[\\w.%-]{0,60}(?:${LONG})[\\w.%-]{0,20}|(?:[\\w.%-]{0,60}[_.-])?(?:${SHORT})`

const SECRET_NAME = new RegExp(`^(?:${NAME})$`, 'i')

/** True when something of this name (a field, a header, a query parameter, a flag) is likely to be a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.slice(-80).replace(/([a-z0-9])([A-Z])/g, '$1-$2'))
}

// Every pattern begins at the start of a word and is bounded, so that long texts take linear time.
const URLS = /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,20}:\/\/[^\s'"]+/gi
const USER_INFO = /^([^:]+:\/\/)[^/?#]*@/
const DELIMITERS = /(?<!\/)(?=[/?#&;=])(?!\/\/)/
const HEADER = new RegExp(
  String.raw`(?<![\w.%-])([\w-]{0,60}(?:${LONG})[\w-]{0,20}["']?\s{0,3}:\s{0,3}["']?)([^\s'"/[][^'"\n]*)`,
  'gi',
)
const BEARER = /\b((?:Bearer|Basic)\s{1,3})([^\s'"[][^\s'"]*)/gi
const PAIR = new RegExp(String.raw`(?<![\w.%-])((?:${NAME})=["']?)([^\s&;#'"]+)`, 'gi')
const FLAG = new RegExp(String.raw`(?<!\S)(--?(?:${NAME})\s{1,3}["']?)([^\s'"-][^\s'"]*)`, 'gi')
const SHAPES = new RegExp(
  String.raw`\b(?:sk-[\w-]{8,}|gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[a-z]-[\w-]{10,}|AKIA[0-9A-Z]{16}|` +
    String.raw`AIza[\w-]{30,}|eyJ[\w-]{10,}\.[\w.-]+|e2b_\w{16,}|npm_\w{30,}|hf_\w{20,})`,
  'g',
)

/** The text with what looks like a secret in it replaced: credentials in URLs, headers, flags, and well-known tokens. */
export function maskText(text: string): string {
  return [HEADER, BEARER, PAIR, FLAG]
    .reduce((masked, pattern) => masked.replace(pattern, `$1${REDACTED}`), text.replace(URLS, maskUrl))
    .replace(SHAPES, REDACTED)
}

/** A URL without user and password, without secret parameters, and without parts that look random. */
function maskUrl(url: string): string {
  const parts = url.replace(USER_INFO, `$1${REDACTED}@`).split(DELIMITERS)
  return parts
    .map((part, index) => {
      const [delimiter, value, before] = [part[0] ?? '', part.slice(1), parts[index - 1]?.slice(1)]
      if (index === 0 || value === '') return part
      const named = delimiter === '=' && before !== undefined && isSecretName(before)
      return named || isRandom(value) ? delimiter + REDACTED : part
    })
    .join('')
}

function isRandom(part: string): boolean {
  return /^[\w~.%-]{20,}$/.test(part) && /\d/.test(part) && /[A-Za-z]/.test(part)
}
