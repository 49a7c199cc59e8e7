import type { HookCallback, Options, Query } from '@anthropic-ai/claude-agent-sdk'
import type { Stage } from './case.ts'
import { shapeOf } from './conversation.ts'

/** What of the SDK the cases have touched. */
export class Reach {
  readonly options = new Set<string>()
  readonly methods = new Set<string>()
  readonly messages = new Set<string>()
  readonly hooks = new Set<string>()

  /** The same stage, watched. */
  watch(stage: Stage): Stage {
    return {
      ...stage,
      query: ({ prompt, options }) => {
        for (const [name, value] of Object.entries(options ?? {}))
          if (value !== undefined) this.options.add(name)
        return this.#watchQuery(
          stage.query({ prompt, ...(options === undefined ? {} : { options: this.#watchHooks(options) }) }),
        )
      },
    }
  }

  #watchHooks(options: Options): Options {
    if (options.hooks === undefined) return options
    const watched = (callback: HookCallback): HookCallback => {
      return (input, ...rest) => {
        this.hooks.add(input.hook_event_name)
        return callback(input, ...rest)
      }
    }
    const hooks = Object.entries(options.hooks).map(([event, matchers]) => [
      event,
      matchers.map((matcher) => ({ ...matcher, hooks: matcher.hooks.map(watched) })),
    ])
    return { ...options, hooks: Object.fromEntries(hooks) as NonNullable<Options['hooks']> }
  }

  #watchQuery(query: Query): Query {
    const watched: Query = new Proxy(query, {
      get: (target, name) => {
        if (name === Symbol.asyncIterator) return () => watched
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        return (...args: unknown[]): unknown => {
          this.methods.add(String(name))
          const given: unknown = value.apply(target, args)
          return name === 'next' ? this.#watchNext(given as ReturnType<Query['next']>) : given
        }
      },
    })
    return watched
  }

  async #watchNext(next: ReturnType<Query['next']>): ReturnType<Query['next']> {
    const step = await next
    if (step.done !== true) this.messages.add(shapeOf(step.value))
    return step
  }
}
