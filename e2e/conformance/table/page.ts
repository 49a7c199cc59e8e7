import { QUERY_METHODS } from '../../../packages/client/src/query/methods.ts'
import { QUERY_OPTIONS } from '../../../packages/client/src/query/options.ts'
import { cases } from '../cases.ts'
import type { Case } from '../case.ts'
import { methodOverStdio, optionOverStdio } from './over-stdio.ts'
import { HOOKS, MESSAGES, type Reached } from './reached.ts'
import type { Verdict } from './verdict.ts'

const WORDS = { works: 'works', differs: 'with a difference', refused: 'refused' }

const escape = (text: string): string => text.replaceAll('|', '\\|')

/** A row of what becomes of something by our own `query()`, and by the SDK over `remoteProcess()`. */
function row(name: string, own: Verdict, official: Verdict): string {
  const notes = own.why === official.why ? [own.why] : [named('`query()`', own), named('SDK', official)]
  const note = notes.filter((text) => text !== '').join(' ')
  return `| \`${name}\` | ${WORDS[own.over]} | ${WORDS[official.over]} | ${escape(note)} |`
}

function named(way: string, { why }: Verdict): string {
  return why === '' ? '' : `${way}: ${why}`
}

function sorted<Name extends string>(places: Record<Name, unknown>): Name[] {
  return (Object.keys(places) as Name[]).sort((one, other) => one.localeCompare(other, 'en'))
}

function reachedRows(places: Record<string, Reached>): string {
  return sorted(places)
    .map((name) => `| \`${name}\` | works | works | ${escape(places[name]?.unless ?? '')} |`)
    .join('\n')
}

/** The rows of a case that comes out otherwise. */
function deviations({ name, differs = {} }: Case): string[] {
  return Object.entries(differs).map(
    ([way, { why }]) =>
      `| ${escape(name)} | ${way === 'query' ? '`query()`' : way === 'browser' ? 'browser SDK' : 'SDK'} | ${escape(why)} |`,
  )
}

/** docs/sdk.md. */
export function page(): string {
  const options = sorted(QUERY_OPTIONS)
  const methods = sorted(QUERY_METHODS)
  const otherwise = cases.flatMap(deviations)
  return `# The SDK, over the network

What becomes of each of the ${options.length} options, ${methods.length} methods of \`Query\`, ${sorted(MESSAGES).length} kinds of messages and ${sorted(HOOKS).length} events for hooks of the Claude Agent SDK: by our own [\`query()\`](query.md), and by the official SDK with the process of its agent on a server ([\`remoteProcess()\`](stdio.md)). This page is generated, from the tables by which the code itself decides. What an SDK has that is not in them does not compile.

Behind it stands a program of ${cases.length} cases, written against the SDK alone ([e2e/conformance](../e2e/conformance)). It runs with the SDK on one machine, by \`query()\` and by \`remoteProcess()\`, by these also with a network that fails once a second, and with the SDK for browsers, whose other options are set when its session is made. Its assertions are the same everywhere, but for [these](#cases).

\`\`\`bash
npm run test:long              # the core of it, by every way, with all other tests
npm run conformance            # all of it
npm run test:sdk-versions      # with the versions of the SDK before and after the pinned one; needs the registry
\`\`\`

## Options

| option | \`query()\` | official SDK | |
|---|---|---|---|
${options.map((name) => row(name, QUERY_OPTIONS[name], optionOverStdio(name))).join('\n')}

## Methods

Of the query, beside those of an async generator (\`next\`, \`return\`, \`throw\`), which work.

| method | \`query()\` | official SDK | |
|---|---|---|---|
${methods.map((name) => row(name, QUERY_METHODS[name], methodOverStdio(name))).join('\n')}

## Messages

All are handed on as they are, and those that no type names too. The last column says why the program does not come to one.

| message | \`query()\` | official SDK | not seen, because |
|---|---|---|---|
${reachedRows(MESSAGES)}

## Hooks

| event | \`query()\` | official SDK | not seen, because |
|---|---|---|---|
${reachedRows(HOOKS)}

## Cases

What the program sees of the differences. A case that comes out as with the SDK alone loses its row.

| case | by way of | why |
|---|---|---|
${otherwise.join('\n')}
`
}
