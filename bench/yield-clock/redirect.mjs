const SDK = /^@anthropic-ai\/claude-agent-sdk(\/core)?$/
const STAMPED = new URL('./stamped-sdk.mjs', import.meta.url).href

/** A hook of Node's module loader: who imports the SDK gets it stamped; the stamping module gets the SDK itself. */
export function resolve(specifier, context, next) {
  if (!SDK.test(specifier)) return next(specifier, context)
  const parent = context.parentURL ?? ''
  if (parent.startsWith(STAMPED)) return next(new URL(parent).searchParams.get('entry') ?? specifier, context)
  return { url: `${STAMPED}?entry=${encodeURIComponent(specifier)}`, shortCircuit: true }
}
