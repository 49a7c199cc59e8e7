import type { Wish } from './wish.ts'

/** A prompt, and what the one who sent it knows of it. */
export interface Prompt {
  /** Its name in its text. */
  id: string
  uuid: string
  wish: Wish
  text: string
  priority: 'now' | 'next' | 'later' | undefined
  /** It is sent once, and not again when nobody answered. */
  isGivenUp: boolean
  /** The number in its acknowledgement. */
  seq?: number
  /** It was taken back, and that was acknowledged. */
  isCancelled?: boolean
}

/** The message of a prompt. */
export function messageOf({ uuid, text, priority }: Prompt, content = text): object {
  return {
    type: 'user',
    uuid,
    message: { role: 'user', content },
    ...(priority === undefined ? {} : { priority }),
  }
}
