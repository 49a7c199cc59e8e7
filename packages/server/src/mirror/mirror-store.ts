/** Where copies of sessions are kept, outside of the server. */
export interface MirrorStore {
  /**
   * Keeps a file under a name, durable once resolved. The same name comes again only with the same bytes, when it is not
   * known whether the last try succeeded.
   */
  put(name: string, bytes: Buffer, signal: AbortSignal): Promise<void>
}
