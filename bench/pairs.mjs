import { untilQuiet } from './quiet.mjs'

/**
 * Measures both sides `count` times, one after the other, and changes who is first from pair to pair.
 * @param {number} count
 * @param {{ ours: () => Promise<number>, bare: () => Promise<number> }} sides
 */
export async function measurePairs(count, { ours, bare }) {
  const pairs = []
  for (let index = 0; index < count; index += 1) {
    const pair = { ours: 0, bare: 0 }
    for (const side of index % 2 === 0 ? ['ours', 'bare'] : ['bare', 'ours']) {
      await untilQuiet()
      pair[side] = await (side === 'ours' ? ours() : bare())
    }
    pairs.push(pair)
  }
  return pairs
}
