/** What the iteration throws when the `abortController` of a query is aborted, as the SDK's class of this name. */
export class AbortError extends Error {
  override readonly name = 'AbortError'
}
