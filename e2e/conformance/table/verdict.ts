/** What becomes of something of the SDK's on the way to a server. */
export interface Verdict {
  over: 'works' | 'differs' | 'refused'
  /** In a sentence or two; empty for what just works. */
  why: string
}

export const works: Verdict = { over: 'works', why: '' }
export const differs = (why: string): Verdict => ({ over: 'differs', why })
