/** When a reader is looked after, in milliseconds. */
export interface ReaderTiming {
  /** Between two looks at a connection. @default 2_500 */
  lookMs: number
  /** Between two signs of life to the client: `heartbeat` frames, comments of a stream. @default 15_000 */
  heartbeatMs: number
  /** Between two pings of a socket. @default 10_000 */
  pingMs: number
  /** Silence of a socket after which its client is gone. @default 25_000 */
  silenceMs: number
  /** Time in which a reader must take some of what waits for it. @default 30_000 */
  stallMs: number
  /** What a socket that was told to close gets to do so. @default 2_000 */
  closeMs: number
}

export const READER_TIMING: ReaderTiming = {
  lookMs: 2_500,
  heartbeatMs: 15_000,
  pingMs: 10_000,
  silenceMs: 25_000,
  stallMs: 30_000,
  closeMs: 2_000,
}
