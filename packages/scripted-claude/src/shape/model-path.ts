/** Whether a path belongs to what an agent asks of its model: messages, their length, and the list of models. */
export function isModelPath(path: string): boolean {
  return /^\/v1\/(?:messages(?:\/count_tokens)?|models(?:\/[^/]+)?)$/.test(path)
}
