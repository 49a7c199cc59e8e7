export type Block = { kind: 'text'; text: string } | { kind: 'code'; language: string; text: string }
export type Span = { kind: 'plain' | 'code' | 'strong'; text: string }

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^`\s]*)/
const SPANS = /(`[^`\n]+`|\*\*[^*\n]+\*\*|^#{1,6} [^\n]+)/m
const HEADING = /^#{1,6} /

/** Splits an answer into text and fenced code; a fence that is not closed yet runs to the end. */
export function parseBlocks(source: string): Block[] {
  const blocks: Block[] = []
  let fence: { mark: string; language: string } | undefined
  let lines: string[] = []
  const flush = () => {
    const text = lines.join('\n')
    if (fence !== undefined) blocks.push({ kind: 'code', language: fence.language, text })
    else if (text.trim() !== '') blocks.push({ kind: 'text', text: text.replace(/^\n+|\n+$/g, '') })
    lines = []
  }
  for (const line of source.split('\n')) {
    const [, mark, language] = FENCE.exec(line) ?? []
    if (fence === undefined && mark !== undefined) {
      flush()
      fence = { mark, language: language ?? '' }
    } else if (fence !== undefined && line.trim().startsWith(fence.mark) && language === '') {
      flush()
      fence = undefined
    } else {
      lines.push(line)
    }
  }
  if (fence !== undefined || lines.length > 0) flush()
  return blocks
}

/** Splits text into plain, `code` and **strong** parts; a heading counts as strong. */
export function parseSpans(text: string): Span[] {
  return text
    .split(SPANS)
    .filter((part) => part !== '')
    .map((part): Span => {
      if (part.length > 2 && part.startsWith('`') && part.endsWith('`')) {
        return { kind: 'code', text: part.slice(1, -1) }
      }
      if (part.length > 4 && part.startsWith('**') && part.endsWith('**')) {
        return { kind: 'strong', text: part.slice(2, -2) }
      }
      if (HEADING.test(part)) return { kind: 'strong', text: part.replace(HEADING, '') }
      return { kind: 'plain', text: part }
    })
}
