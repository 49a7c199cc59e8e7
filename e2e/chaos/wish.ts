import type { Random } from './random.ts'

/** What a prompt makes the model do. */
const WISHES = {
  plain: 20,
  tools: 20,
  parallel: 6,
  stream: 14,
  burst: 3,
  permission: 14,
  question: 9,
  background: 5,
  slow: 9,
} as const

export type Wish = keyof typeof WISHES

/** What a prompt says: who it is, so that it can be found wherever it went, and what the model is to do. */
export function describeWish(id: string, wish: Wish, size: number): string {
  return `[[${id}]] Please do this: ${wish} ${size}.`
}

/** Reads a prompt as the model sees it; undefined for what the CLI says in the user's place. */
export function parseWish(text: string): { id: string; wish: Wish; size: number } | undefined {
  const found = /\[\[(s\d+-\d+)\]\] Please do this: (\w+) (\d+)\./.exec(text)
  const [, id, wish, size] = found ?? []
  if (id === undefined || wish === undefined || !(wish in WISHES)) return undefined
  return { id, wish: wish as Wish, size: Number(size) }
}

/** The prompts that a text holds, each as often as it does. */
export function idsIn(text: string): string[] {
  return [...text.matchAll(/\[\[(s\d+-\d+)\]\]/g)].map((found) => found[1]!)
}

/** Draws what to wish for, with permissions only where those are asked for. */
export function drawWish(random: Random): { wish: Wish; size: number } {
  return { wish: random.weighted(WISHES), size: random.between(1, 4) }
}
