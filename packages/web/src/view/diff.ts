import { type Fields, listOf, numberOf, textsOf } from '../transcript/fields.ts'

export interface DiffLine {
  sign: '+' | '-' | ' '
  text: string
}

/** The lines of an edit: the CLI's own patch when it is there, else the old text and the new. */
export function readDiff(input: Fields, details: Fields): DiffLine[] {
  const hunks = listOf(details['structuredPatch'])
  if (hunks.length === 0) {
    return [...signed('-', input['old_string']), ...signed('+', input['new_string'])]
  }
  return hunks.flatMap((hunk, index) => {
    const gap: DiffLine[] =
      index === 0 ? [] : [{ sign: ' ', text: `… line ${numberOf(hunk['newStart']) ?? '?'}` }]
    return [
      ...gap,
      ...textsOf(hunk['lines'])
        .filter((line) => !line.startsWith('\\'))
        .map(parseLine),
    ]
  })
}

function parseLine(line: string): DiffLine {
  const sign = line[0] === '+' || line[0] === '-' ? line[0] : ' '
  return { sign, text: line.slice(1) }
}

function signed(sign: '+' | '-', text: unknown): DiffLine[] {
  if (typeof text !== 'string' || text === '') return []
  return text.split('\n').map((line) => ({ sign, text: line }))
}
