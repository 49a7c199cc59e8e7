/** A task of which one runs at a time: everybody who asks while one runs shares the next one. */
export function grouped(task: () => Promise<void>): () => Promise<void> {
  let last: Promise<unknown> = Promise.resolve()
  let next: Promise<void> | undefined
  return () => {
    next ??= last.then(() => {
      next = undefined
      const run = task()
      last = run.catch(() => {})
      return run
    })
    return next
  }
}

/** Runs tasks one after another, in the order of the calls. */
export function oneByOne(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (task) => {
    const run = last.then(task)
    last = run.catch(() => {})
    return run
  }
}
