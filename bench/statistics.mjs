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

/** Delays in milliseconds, in words. */
export function describeDelays(delays, shares = [0.5, 0.99]) {
  const parts = shares.map((share) => `p${share * 100} ${quantile(delays, share).toFixed(2)}`)
  return `${parts.join(', ')} ms (worst ${quantile(delays, 1).toFixed(1)})`
}
