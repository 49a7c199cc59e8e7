/** The value below which a share of the values lies, between two neighbours linearly. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  const position = (sorted.length - 1) * share
  const below = Math.floor(position)
  const low = sorted[below]
  const high = sorted[Math.min(below + 1, sorted.length - 1)]
  return low + (high - low) * (position - below)
}

export function median(values) {
  return quantile(values, 0.5)
}

/** Pairs of measurements as a figure compares them: the median of each side, and of the ratios pair by pair. */
export function compare(pairs) {
  const ratios = pairs.map(({ ours, bare }) => ours / bare)
  return {
    ours: median(pairs.map(({ ours }) => ours)),
    bare: median(pairs.map(({ bare }) => bare)),
    ratio: median(ratios),
    quartiles: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
  }
}

/**
 * Measures both sides `count` times, one after the other, and changes who is first from pair to pair.
 * @param {number} count
 * @param {{ ours: () => Promise<number>, bare: () => Promise<number> }} sides
 */
export async function measurePairs(count, { ours, bare }) {
  const pairs = []
  for (let index = 0; index < count; index += 1) {
    const pair = { ours: 0, bare: 0 }
    if (index % 2 === 0) pair.ours = await ours()
    pair.bare = await bare()
    if (index % 2 === 1) pair.ours = await ours()
    pairs.push(pair)
  }
  return pairs
}
