/** Quoted names, and bare names with an extension. */
const names =
  /["“]([^"“”\n]+)["”]|(?<=^|[\s(])'([^'\n]+)'|`([^`\n]+)`|((?:[~.]{0,2}\/)?[\p{L}\p{N}_@%+/-][\p{L}\p{N}_@%+./-]*\.[\p{L}\p{N}]{1,8})(?![\p{L}\p{N}])/gu

/** Abbreviations that look like file names. */
const notNames = new Set(['e.g', 'i.e'])

/** What stands between a file's name and its content. */
const connectors =
  /\b(?:with(?: the)?(?: contents?| text| words?)?|containing|(?:that )?(?:contains|says)|saying|content):?\s+/i

/** The file names in a text, in the order in which they stand there. */
export function fileNames(text: string): string[] {
  return Array.from(text.matchAll(names), (found) =>
    (found[1] ?? found[2] ?? found[3] ?? found[4] ?? '').trim(),
  ).filter((name) => name !== '' && !notNames.has(name.toLowerCase()))
}

/** A wish to reverse a file into another. */
export function readReversal(text: string): { source: string; target: string } | undefined {
  if (!/\b(?:revers(?:e|ed|ing)|backwards?)\b/i.test(text)) return undefined
  const [source, target] = fileNames(text)
  return source === undefined ? undefined : { source, target: target ?? besides(source) }
}

/** A wish to write a file, with what shall be in it. */
export function readWriting(text: string): { name: string; content: string } | undefined {
  const into =
    /\b(?:write|save|put)\s+(?:the (?:text|words?) )?(?:"([^"]*)"|“([^”]*)”|`([^`]*)`|'([^']*)')\s+(?:in|into|to)\b(.*)$/is.exec(
      text,
    )
  const target = into === null ? undefined : fileNames(into[5] ?? '')[0]
  if (into !== null && target !== undefined) {
    return { name: target, content: into[1] ?? into[2] ?? into[3] ?? into[4] ?? '' }
  }
  if (!/\b(?:write|create|make|save|add)\b.*\bfile\b/is.test(text)) return undefined
  const connector = connectors.exec(text)
  const name = fileNames(connector === null ? text : text.slice(0, connector.index))[0] ?? fileNames(text)[0]
  if (name === undefined) return undefined
  const rest = connector === null ? '' : text.slice(connector.index + connector[0].length).trim()
  return { name, content: unquote(rest) || `This is ${name}, written by a scripted model.\n` }
}

/** A wish to run a command. */
export function readCommand(text: string): string | undefined {
  const quoted = /\b(?:run|execute)\b[^`]*?`+([^`]+)`+/i.exec(text)?.[1]
  if (quoted !== undefined) return quoted.trim()
  const dollar = /^\s*\$\s+(\S.*)$/s.exec(text)?.[1]
  if (dollar !== undefined) return dollar.trim()
  const plain =
    /^\s*(?:please\s+)?(?:(?:can|could) you\s+)?(?:run|execute)(?:\s+(?:the|this)?\s*(?:shell |bash )?command)?:?\s+(\S.*)$/is.exec(
      text,
    )?.[1]
  if (plain === undefined || /^(?:an?|the|my|your|this|that|it|some|any)\b/i.test(plain)) return undefined
  return unquote(plain.trim())
}

/** A wish to see the files of a folder. */
export function readListing(text: string): { folder: string } | undefined {
  const isWish =
    /\b(?:list|show|see|what|which|look)\b[^.?!]*\b(?:files|folders?|director(?:y|ies)|workspace)\b/i.test(
      text,
    ) || /^\s*(?:ls|dir)\b/i.test(text)
  if (!isWish) return undefined
  const folder = /\b(?:in|of|under)\s+["“'`]?([^\s"”'`?!,]*\/[^\s"”'`?!,]*)/i.exec(text)?.[1]
  return { folder: folder ?? fileNames(text)[0] ?? '.' }
}

/** A wish to see a file. */
export function readReading(text: string): { name: string } | undefined {
  if (!/\b(?:read|show|open|cat|print|display|see|what(?:'s|’s| is) in)\b/i.test(text)) return undefined
  const name = fileNames(text)[0]
  return name === undefined ? undefined : { name }
}

/** A name beside the source, for who gave no target. */
function besides(source: string): string {
  const slash = source.lastIndexOf('/') + 1
  return `${source.slice(0, slash)}reversed-${source.slice(slash)}`
}

/** A text without the quotes around it. */
function unquote(text: string): string {
  const found = /^(?:"([^"]*)"|“([^”]*)”|'([^']*)'|```\w*\n?([\s\S]*?)```|`([^`]*)`)[.!]?$/.exec(text)
  return found === null ? text : (found.slice(1).find((inner) => inner !== undefined) ?? '')
}
