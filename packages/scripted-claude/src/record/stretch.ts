/** A part of a text, and what is to stand in its place. */
export interface Stretch {
  start: number
  end: number
  by: string
}

/** The parts of a text that fit a pattern, which must be global. */
export function stretchesOf(text: string, pattern: RegExp, by: string): Stretch[] {
  return Array.from(text.matchAll(pattern), ({ index, 0: found }) => ({
    start: index,
    end: index + found.length,
    by,
  })).filter(({ start, end }) => end > start)
}

/** Stretches in order, those that overlap as one. */
export function mergeStretches(stretches: readonly Stretch[]): Stretch[] {
  const merged: Stretch[] = []
  for (const stretch of stretches.toSorted((one, other) => one.start - other.start)) {
    const last = merged.at(-1)
    if (last !== undefined && stretch.start < last.end) last.end = Math.max(last.end, stretch.end)
    else merged.push({ ...stretch })
  }
  return merged
}

/**
 * Replaces stretches of a text that came in pieces. What replaces a stretch goes to the piece where it began; pieces
 * that lay in it become shorter or empty, and none is dropped.
 */
export function replaceAcross(pieces: readonly string[], stretches: readonly Stretch[]): string[] {
  let offset = 0
  let place = 0
  return pieces.map((piece) => {
    const end = offset + piece.length
    let replaced = ''
    let at = offset
    for (let stretch = stretches[place]; stretch !== undefined && stretch.start < end;) {
      if (stretch.start >= offset) replaced += piece.slice(at - offset, stretch.start - offset) + stretch.by
      at = Math.min(stretch.end, end)
      if (stretch.end > end) break
      stretch = stretches[++place]
    }
    replaced += piece.slice(at - offset)
    offset = end
    return replaced
  })
}
