const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** `1.2 s`, `3 min 4 s` */
export function formatDuration(ms: number): string {
  if (ms < MINUTE_MS) return `${(ms / 1000).toFixed(1)} s`
  return `${Math.floor(ms / MINUTE_MS)} min ${Math.round((ms % MINUTE_MS) / 1000)} s`
}

/** `$0.05 list price`: the SDK counts by the list prices of the models, whatever is paid. */
export function formatCost(usd: number): string {
  return `$${usd.toFixed(usd < 0.01 ? 4 : 2)} list price`
}

/** `950`, `12.3k`, `1.2M` */
function formatCount(count: number): string {
  return count.toLocaleString('en', { notation: 'compact', maximumFractionDigits: 1 })
}

/** `1 turn`, `2 turns` */
export function formatAmount(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** `now`, `5 min`, `3 h`, then the date. */
export function formatAge(at: number, now: number): string {
  const age = now - at
  if (age < MINUTE_MS) return 'now'
  if (age < HOUR_MS) return `${Math.floor(age / MINUTE_MS)} min`
  if (age < DAY_MS) return `${Math.floor(age / HOUR_MS)} h`
  return new Date(at).toLocaleDateString(undefined, { day: 'numeric', month: 'short' })
}
