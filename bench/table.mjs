import { compare, median, quantile } from './statistics.mjs'

const UNITS = { ms: 2, 'deltas/s': 0 }

/**
 * The lines that a figure has in the table.
 * @returns {string[][]} what, measured, bound, verdict, number
 */
export function describeFigure({ what, unit, bound }, result) {
  const verdict = result.isReached ? 'ok' : 'OVER'
  if (result.lines !== undefined) return result.lines.map((line) => describeLine({ what, bound }, line))
  if (result.pairs !== undefined) {
    const { ours, bare, ratio, quartiles } = compare(result.pairs)
    const digits = UNITS[unit]
    const sides = `${ours.toFixed(digits)} : ${bare.toFixed(digits)} ${unit}`
    const spread = quartiles.map((value) => value.toFixed(2)).join('–')
    return [
      [
        what,
        `${ratio.toFixed(3)} (${sides}; half of the pairs ${spread})`,
        bound,
        verdict,
        `${result.pairs.length} pairs`,
      ],
    ]
  }
  if (result.streams !== undefined) {
    const delays = result.streams.flat()
    const [p50, p99] = [0.5, 0.99].map((share) => quantile(delays, share).toFixed(2))
    const typical = median(result.streams.map((stream) => quantile(stream, 0.99))).toFixed(2)
    const measured = `p50 ${p50}, p99 ${p99} ms (median of the streams' p99 ${typical}, worst delta ${Math.max(...delays).toFixed(1)})`
    return [[what, measured, bound, verdict, `${result.streams.length} streams, ${delays.length} deltas`]]
  }
  return Object.entries(result.states).map(([state, { seconds, ticks, busyMs, cpu, rss, pss }], index) => {
    const measured = `CPU ${cpu.toFixed(2)} % (${busyMs.toFixed(0)} ms, ${ticks} ticks), RSS ${rss.toFixed(1)} MB, PSS ${pss.toFixed(1)} MB`
    return [
      `${what}, ${state}`,
      measured,
      index === 0 ? bound : '',
      index === 0 ? verdict : '',
      `${seconds} s`,
    ]
  })
}

/** A line that a figure has put into words; one without a verdict is there for comparison. */
function describeLine(figure, { detail, measured, isReached, bound = figure.bound, of }) {
  const judged = isReached === undefined ? ['', ''] : [bound, isReached ? 'ok' : 'OVER']
  return [detail === undefined ? figure.what : `${figure.what}, ${detail}`, measured, ...judged, of]
}

/** Rows in columns, the first row as their heads. */
export function layOut(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const line = (row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '─'.repeat(width)).join('  ')
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join('\n')
}
