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

/** Pairs of measurements as a figure compares them: the medians, their ratio, and the middle half of the pairs' own. */
export function compare(pairs) {
  const ratios = pairs.map(({ ours, bare }) => ours / bare)
  const [ours, bare] = [median(pairs.map((pair) => pair.ours)), median(pairs.map((pair) => pair.bare))]
  return {
    ours,
    bare,
    ratio: ours / bare,
    quartiles: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
  }
}
