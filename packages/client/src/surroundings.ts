/** As much of a page or a worker as is looked at; Node has none of it. */
interface Surroundings {
  addEventListener?(type: string, listener: () => void): void
  removeEventListener?(type: string, listener: () => void): void
  document?: Surroundings & { visibilityState?: string }
  navigator?: { onLine?: boolean }
}

const EVENTS = ['online', 'offline', 'pageshow']

/**
 * Calls back when the platform says that lines may have died or may be made again: the network came or went, the page
 * was shown again. Where the platform says nothing, nothing happens. The function that comes back ends it.
 */
export function watchSurroundings(onChange: () => void): () => void {
  const around = globalThis as Surroundings
  const page = around.document
  const onVisibility = (): void => {
    if (page?.visibilityState === 'visible') onChange()
  }
  for (const event of EVENTS) around.addEventListener?.(event, onChange)
  page?.addEventListener?.('visibilitychange', onVisibility)
  return () => {
    for (const event of EVENTS) around.removeEventListener?.(event, onChange)
    page?.removeEventListener?.('visibilitychange', onVisibility)
  }
}

/** Whether the platform says that there is no network. */
export function isOffline(): boolean {
  return (globalThis as Surroundings).navigator?.onLine === false
}
