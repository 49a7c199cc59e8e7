/** A line as the Read tool prints it: its number, a tab (or an arrow), the line. */
const numberedLine = /^\s*(\d+)(?:\t|→)(.*)$/s

/** What the Read tool says of a file without content. */
const emptyNote = /^<system-reminder>.*(?:contents are empty|file is empty).*<\/system-reminder>\s*$/s

/** The content of a file out of what the Read tool said: without line numbers and notes, line breaks as they were. */
export function contentOfRead(text: string): string {
  if (emptyNote.test(text)) return ''
  const content: string[] = []
  let expected: number | undefined
  for (const line of text.split('\n')) {
    const found = numberedLine.exec(line)
    const number = Number(found?.[1])
    if (found === null || (expected !== undefined && number !== expected)) break
    content.push(found[2] ?? '')
    expected = number + 1
  }
  return content.length === 0 ? text : content.join('\n')
}

/** The text backwards, by characters as people see them: an emoji or an accented letter stays whole. */
export function reverseText(text: string): string {
  const segments = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)
  return Array.from(segments, ({ segment }) => segment)
    .toReversed()
    .join('')
}
