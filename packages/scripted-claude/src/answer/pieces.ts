import type { Pace, TextStep } from '../script/step.ts'

/** Default number of characters in a delta. */
const defaultDeltaSize = 32

/** Cuts a text into deltas of `deltaSize` characters, never inside a surrogate pair. */
export function* splitText(text: string, pace: Pace): Generator<string> {
  const size = Math.max(1, Math.floor(pace.deltaSize ?? defaultDeltaSize))
  let start = 0
  while (start < text.length) {
    let end = Math.min(text.length, start + size)
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end += 1
    yield text.slice(start, end)
    start = end
  }
}

/** The texts that a text step says, one after the other: its repetitions, or the text alone. */
export function* repetitionsOf(step: TextStep): Generator<string> {
  const { text } = step
  const times = step.repeat ?? 1
  for (let index = 0; index < times; index += 1) yield typeof text === 'string' ? text : text(index)
}

/** Whether a UTF-16 unit is the first of a pair. */
function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}
