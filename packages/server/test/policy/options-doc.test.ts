import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { OPTIONS, type OptionRule } from '../../src/policy/options.ts'
import { SETTINGS } from '../../src/policy/settings.ts'

const PAGE = fileURLToPath(new URL('../../../../docs/options.md', import.meta.url))

const WHO = { remote: 'yes', server: 'the server’s', refused: 'refused' }

const escape = (text: string): string => text.replaceAll('|', '\\|')

function row([name, rule]: [string, OptionRule]): string {
  const value =
    rule.set === 'remote' ? escape(`${rule.expects[0]?.toUpperCase()}${rule.expects.slice(1)}.`) : ''
  return `| \`${name}\` | ${WHO[rule.set]} | ${value} | ${escape(rule.why)} |`
}

/** The refused settings, with the reason that their schemas give. */
function refusedSettings(): string[] {
  const byReason = new Map<string, string[]>()
  for (const [name, schema] of Object.entries(SETTINGS)) {
    const issue = schema.safeParse('x').error?.issues[0]
    if (issue?.code !== 'custom' || issue.params?.['refused'] !== true) continue
    byReason.set(issue.message, [...(byReason.get(issue.message) ?? []), `\`${name}\``])
  }
  return [...byReason].map(([why, names]) => `- ${why} ${names.join(', ')}`)
}

function page(): string {
  const rules = Object.entries(OPTIONS).sort(([one], [other]) => one.localeCompare(other, 'en'))
  const count = (set: string): number => rules.filter(([, rule]) => rule.set === set).length
  return `# Options

What \`POST /config\` takes: every option of the Claude Agent SDK that is JSON and acts on the agent alone, and \`anthropicApiKey\`. Of the SDK's ${rules.length} options ${count('remote')} may be set from outside, ${count('server')} are the server's own, and ${count('refused')} are refused.

The boundary is the agent's own user and workspace. What the agent may do anyway may be configured, commands too: stdio MCP servers, hooks in \`settings\`, plugins of the workspace run as the agent. What would make the server run a program or read a path, route the traffic to the model, or take over a conversation is refused by name, with the code \`option_refused\` and the reason below. A wrong value or an unknown name gets \`invalid_config\` with its path.

- A post replaces the whole configuration. \`null\` counts as absent.
- \`[redacted]\` in place of a secret keeps the value that is stored there. It stays with what it belongs to: a server or hook with another \`url\`, \`command\` or \`args\` needs its secrets again.
- Never given back: \`anthropicApiKey\`, the values of \`env\` and \`settings.env\`, headers and environments of MCP servers and hooks, credentials in URLs, and what looks like a secret in arguments and commands. The last is a guess: put secrets into \`env\` or \`headers\`, where they are known to be some. Text for the model (\`systemPrompt\`, prompts of agents) is shown as it is.
- Accepted and dropped, for clients of the predecessor: \`e2bApiKey\`, \`template\`, \`debug\`, \`timeoutMs\`, \`connectionUrl\`.
- An agent without \`prompt\` or \`description\` is accepted; the description stands in for the prompt, the name for the description.
- Fields of agents and MCP servers that this page does not name are kept. Unknown settings are refused: one that Claude Code cannot read would make it drop all settings.

| option | may be set | value | why |
|---|---|---|---|
${rules.map(row).join('\n')}

## Variables

\`env\` and \`settings.env\` take any variable but those that route the model's traffic (\`ANTHROPIC_*\`, \`CLAUDE*\`, \`*_PROXY\`, \`SSL_CERT_*\`, \`OPENSSL_*\`, endpoints of cloud providers), that load code (\`NODE_*\`, \`BUN_*\`, \`DENO_*\`, \`LD_*\`, \`DYLD_*\`, \`GLIBC_*\`, \`MALLOC_*\`, \`BASH_ENV\` and its like), that send telemetry elsewhere (\`OTEL_*\`), or that the server sets (\`HOME\`, \`IS_SANDBOX\`). \`PATH\` is refused in \`env\`, where the server would search by it, and taken in \`settings.env\`. The \`env\` of a stdio MCP server is its own.

## Settings

\`settings\` takes every setting that the SDK documents, with its own types, but for these:

${refusedSettings().join('\n')}

Inside \`settings.permissions\` and \`sandbox\`, what leads out of the workspace (\`additionalDirectories\`, \`blockReadsExemptPaths\`, \`workingDirectoriesAsGiven\`) and what names a program (\`ripgrep\`, \`bwrapPath\`, \`socatPath\`) is refused too.
`
}

/** Without what the formatter may choose: the widths of tables. */
function words(text: string): string {
  return text.replaceAll(/ *\| */g, '|').replaceAll(/-{3,}/g, '---')
}

test('docs/options.md says what the policy does (UPDATE_DOCS=1 writes it anew, oxfmt then sets its tables)', async () => {
  if (process.env['UPDATE_DOCS'] === '1') await writeFile(PAGE, page())
  expect(words(await readFile(PAGE, 'utf8'))).toBe(words(page()))
})
