/** Shorter values are in many words that are no secrets, such as `true`. */
const LEAST = 6

/** A text of a program without the values that it was given; the longest go first, one may be within another. */
export function hide(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length >= LEAST)
    .sort((a, b) => b.length - a.length)
    .reduce((rest, secret) => rest.replaceAll(secret, '…'), text)
}
