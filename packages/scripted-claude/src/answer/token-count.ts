import type { Usage } from '../script/step.ts'

/** A made-up but steady count: a token for every four characters, at least one. */
export function countTokens(characters: number): number {
  return Math.max(1, Math.ceil(characters / 4))
}

/** The usage of an answer, as far as nothing overrides it. */
export function createUsage(inputTokens: number, outputTokens: number): Usage {
  return {
    input_tokens: inputTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: outputTokens,
  }
}
