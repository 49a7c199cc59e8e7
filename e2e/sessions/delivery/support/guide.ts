/** A command of a document, and what the document says that comes. */
export interface Step {
  command: string
  /** JSON that the output must have, or lines that must be among its own, in this order. `…` stands for anything. */
  expected: { kind: 'json' | 'text'; text: string }
}

/** The commands of a document, each with the answer that stands below it. */
export function readGuide(markdown: string): Step[] {
  const blocks = [...markdown.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, text]) => ({
    language: language!,
    text: text!.trim(),
  }))
  return blocks.flatMap(({ language, text: command }, index) => {
    if (language !== 'bash') return []
    const answer = blocks[index + 1]
    if (answer === undefined || answer.language === 'bash')
      throw new Error(`The document does not say what comes of: ${command}`)
    return [{ command, expected: { kind: answer.language as 'json' | 'text', text: answer.text } }]
  })
}

/** Whether an output is what the document says. */
export function fits(output: string, { kind, text }: Step['expected']): boolean {
  if (kind === 'text') return hasLines(output.split(/\r?\n/), text.split('\n'))
  try {
    return hasAll(JSON.parse(output), JSON.parse(text))
  } catch {
    return false
  }
}

/** Whether lines that fit these stand among the others, in this order. */
function hasLines(lines: readonly string[], wanted: readonly string[]): boolean {
  let at = 0
  for (const line of wanted) {
    const pattern = new RegExp(`^${line.split('…').map(escape).join('.*')}$`)
    const found = lines.findIndex((one, index) => index >= at && pattern.test(one))
    if (found === -1) return false
    at = found + 1
  }
  return true
}

/** Whether a value has every field of the other, lists being as long. */
function hasAll(value: unknown, wanted: unknown): boolean {
  if (wanted === '…') return value !== undefined
  if (typeof wanted !== 'object' || wanted === null) return value === wanted
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(wanted) && (value as unknown[]).length !== wanted.length) return false
  return Object.entries(wanted).every(([key, one]) => hasAll((value as Record<string, unknown>)[key], one))
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}
