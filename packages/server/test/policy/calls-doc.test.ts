import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { CALLS, type CallRule } from '../../src/policy/calls.ts'

const PAGE = fileURLToPath(new URL('../../../../docs/calls.md', import.meta.url))

const escape = (text: string): string => text.replaceAll('|', '\\|')

function row([name, rule]: [string, CallRule]): string {
  if (rule.call === 'refused') return `| \`${name}\` | refused | | ${escape(rule.why)} |`
  return `| \`${name}\` | ${rule.key === undefined ? 'yes' : 'yes, and lasts'} | ${escape(rule.takes)} | ${escape(rule.why)} |`
}

function page(): string {
  const rules = Object.entries(CALLS).sort(([one], [other]) => one.localeCompare(other, 'en'))
  const count = rules.filter(([, rule]) => rule.call === 'remote').length
  return `# Calls

Of the ${rules.length} methods of the Claude Agent SDK's \`Query\`, ${count} can be called over the wire: with [\`call\`](../PROTOCOL.md#up-call) on a socket, \`POST /sessions/:id/calls\`, or \`session.call(method, ...args)\` of the client library. One that lasts is made again on each further process of the agent, until options are set.

\`\`\`bash
curl -X POST localhost:3000/sessions/$ID/calls -H 'content-type: application/json' \\
  -d '{"method": "setPermissionMode", "args": ["plan"]}'
\`\`\`

| method | may be called | takes | why |
|---|---|---|---|
${rules.map(row).join('\n')}

Settings and MCP servers in arguments follow the same policy as options: [options.md](options.md).
`
}

/** Without what the formatter may choose: the widths of tables. */
function words(text: string): string {
  return text.replaceAll(/ *\| */g, '|').replaceAll(/-{3,}/g, '---')
}

test('docs/calls.md says of every method of the query what the policy says (UPDATE_DOCS=1 writes it anew)', async () => {
  if (process.env['UPDATE_DOCS'] === '1') await writeFile(PAGE, page())
  expect(words(await readFile(PAGE, 'utf8'))).toBe(words(page()))
})
