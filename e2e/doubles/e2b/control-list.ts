import type { DoubleSandbox } from './sandbox.ts'
import type { ControlAnswer } from './template-store.ts'

/** `GET /v2/sandboxes`: those with all of the metadata, in pages, the youngest first. */
export function readList(sandboxes: ReadonlyMap<string, DoubleSandbox>, url: URL): ControlAnswer {
  const query = url.searchParams
  // The SDK encodes each pair, and the whole once more.
  const metadata = [...new URLSearchParams(query.get('metadata') ?? '')].map(
    ([key, value]) => [decodeURIComponent(key), decodeURIComponent(value)] as const,
  )
  const states = (query.get('state') ?? 'running,paused').split(',')
  const all = [...sandboxes.values()]
    .reverse()
    .filter(
      ({ state, wish }) =>
        states.includes(state) && metadata.every(([key, value]) => wish.metadata[key] === value),
    )
  const start = Number(query.get('nextToken') ?? 0)
  const limit = Math.min(Number(query.get('limit') ?? 100), 100)
  const next = start + limit
  return {
    status: 200,
    headers: next < all.length ? { 'x-next-token': String(next) } : {},
    body: all.slice(start, next).map((sandbox) => ({
      sandboxID: sandbox.id,
      templateID: sandbox.wish.template.templateId,
      alias: sandbox.wish.alias,
      clientID: '6532622b',
      metadata: sandbox.wish.metadata,
      startedAt: sandbox.startedAt.toISOString(),
      endAt: sandbox.endAt.toISOString(),
      state: sandbox.state,
      cpuCount: sandbox.wish.template.cpuCount ?? 2,
      memoryMB: sandbox.wish.template.memoryMB ?? 512,
      diskSizeMB: 1024,
      envdVersion: '0.6.4',
    })),
  }
}
