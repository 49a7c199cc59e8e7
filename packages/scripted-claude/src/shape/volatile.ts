import { createHash } from 'node:crypto'

const weekday = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*'
const month = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*'
const clock = String.raw`\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?`

/** What changes from run to run, and what stands for it. Each is tried on what those before it left. */
const volatile: readonly (readonly [RegExp, string])[] = [
  [/\r\n?/g, '\n'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<uuid>'],
  [/\b(?:toolu|msg|req|srvtoolu|agent)_[A-Za-z0-9]{6,}/g, '<id>'],
  [new RegExp(String.raw`\b\d{4}-\d\d-\d\d(?:[T ]${clock}(?: ?Z| ?[+-]\d\d:?\d\d)?)?`, 'g'), '<date>'],
  [
    new RegExp(
      String.raw`\b${weekday},? ${month} +\d{1,2}(?:,? ${clock})?(?: [A-Z]{3,5})?(?:,? \d{4})?`,
      'g',
    ),
    '<date>',
  ],
  [new RegExp(String.raw`\b${month} \d{1,2}, \d{4}\b`, 'g'), '<date>'],
  [/\b\d{1,2}:\d\d:\d\d(?:[.,]\d+)?\b/g, '<time>'],
  [/(?:\/private)?\/(?:tmp|var\/tmp|var\/folders\/[^\s/]+\/[^\s/]+\/T)\/[^\s/"'`<>:,;()[\]]+/g, '<tmp>'],
  [/(?:\/home\/|\/Users\/)[^\s/"'`<>:,;()[\]]+|(?<![\w.~/-])\/root(?![\w-])/g, '~'],
  [/\b(localhost|127\.0\.0\.1|0\.0\.0\.0)(:|%3A)\d{2,5}\b/g, '$1$2<port>'],
  [/\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,64}\b/g, '<hex>'],
  [/\b\d+(?:\.\d+)? ?(?:ms|µs)\b|\b\d+\.\d+ ?s\b/g, '<duration>'],
  // What the CLI says about the work of a subagent.
  [/\b(subagent_tokens|tool_uses|duration_ms)(: |>)\d+/g, '$1$2<number>'],
  [/\b\d{9,}\b/g, '<number>'],
]

/** Texts longer than this are kept by their beginning and a digest. */
const maxLength = 2000

/** A text without what changes from run to run: the agent's folder, ids, dates, ports and the like. */
export function steadyText(text: string, directory: string | undefined): string {
  const local = directory === undefined ? text : text.replaceAll(directoryPattern(directory), '<cwd>')
  const steady = volatile.reduce((rest, [pattern, name]) => rest.replace(pattern, name), local).trim()
  if (steady.length <= maxLength) return steady
  const kept = maxLength / 2
  return `${steady.slice(0, kept)}… (${steady.length - kept} more characters, ${digestOf(steady)})`
}

/** A digest in letters only, so that it is not taken for something that changes from run to run. */
export function digestOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex').slice(0, 16)
  return hex.replace(/\d/g, (digit) => 'ghijklmnop'[Number(digit)] ?? '')
}

/** Finds a folder's path where it is not a part of a longer name. */
export function directoryPattern(directory: string): RegExp {
  const escaped = directory.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return directory.length < 2 ? /(?!)/g : new RegExp(`(?<![\\w.~/-])${escaped}(?![\\w-])`, 'g')
}
