import { ask } from '../support/http.ts'
import { filesWith } from '../support/folder.ts'
import { bash } from '../support/messages.ts'
import { describe, expect, test } from '../support/test.ts'

// Split, so that this file is no hit when an agent looks for it.
const environmentKey = ['sk', 'ant', 'e2e', 'environment', '51c0ffee'].join('-')
const configKey = ['sk', 'ant', 'e2e', 'config', '52c0ffee'].join('-')

/** Prints, of every process from the CLI down, what it was started with; then the open files of the shell's parents. */
const look = `
env
id=$$
while [ "$id" -gt 1 ]; do
  tr '\\0' '\\n' < /proc/$id/cmdline
  grep -qa CLAUDE_AGENT_SERVER_MARK= /proc/$id/environ || break
  tr '\\0' '\\n' < /proc/$id/environ
  ls -l /proc/$id/fd
  id=$(awk '{print $4}' /proc/$id/stat)
done
echo looked through $id
for file in /proc/[0-9]*/cmdline; do tr '\\0' ' ' < $file; done 2>/dev/null
grep -rs c0ffee "$HOME" "$PWD" /proc/[0-9]*/cmdline && echo found || echo nothing found
`

describe('the key for the model', () => {
  test('is in no answer, frame, log, transcript or file, and out of reach of the agent’s Bash', async ({ world }) => {
    const { client, claude, server } = await world.talk([bash('look', look)], { key: environmentKey })
    const answers: string[] = []
    const tell = async (body?: object): Promise<void> => {
      const answer = await ask(`${server.url}/config`, body === undefined ? {} : { method: 'POST', body })
      answers.push(answer.text, JSON.stringify(answer.headers))
    }
    client.prompt('look')
    const withEnvironmentKey = await client.result()
    await tell()
    await tell({ anthropicApiKey: configKey, systemPrompt: 'other' })
    await tell()
    await tell({ anthropicApiKey: configKey, systemPromt: 'typo' })
    await tell({ anthropicApiKey: `${configKey} with a space` })
    client.prompt('look')
    const withConfigKey = await client.result()
    for (const { result } of [withEnvironmentKey, withConfigKey]) {
      expect(result).toContain('ANTHROPIC_BASE_URL=http://127.0.0.1:')
      expect(result).toMatch(/ANTHROPIC_API_KEY=placeholder-/)
      expect(result).toContain(`looked through ${server.pid}`)
      expect(result).toContain('nothing found')
    }
    server.kill('SIGTERM')
    await server.program.ended

    const keys = new Set(claude.requests.map(({ headers }) => headers['x-api-key']))
    expect([...keys], 'the model did get both').toEqual([environmentKey, configKey])
    for (const secret of [environmentKey, configKey, 'c0ffee']) {
      expect(answers.join('\n')).not.toContain(secret)
      expect(JSON.stringify(client.frames)).not.toContain(secret)
      expect(server.logs()).not.toContain(secret)
      expect(await filesWith(server.folder, secret), 'HOME, workspace, data directory').toEqual([])
    }
    expect(await filesWith(server.home, 'looked through'), 'there is a transcript').not.toEqual([])
    expect(await filesWith(server.dataDir, 'looked through'), 'there is a log').not.toEqual([])
    expect(JSON.stringify(claude.requests.map(({ body }) => body))).not.toContain('c0ffee')
  })

  test('is not told by an upstream that answers with the headers it got', async ({ world }) => {
    const { client, server } = await world.talk(
      [
        {
          match: { lastUserText: 'leak' },
          respond: ({ headers }) => [
            { error: { status: 400, type: 'invalid_request_error', message: `bad key ${headers['x-api-key']?.slice(0, 3)}` } },
          ],
        },
      ],
      { key: environmentKey },
    )
    client.prompt('leak')
    await client.result()
    expect(JSON.stringify(client.frames) + server.logs()).not.toContain(environmentKey)
  })

  test('cannot be used through the broker but for the model: other paths, methods and placeholders are refused', async ({
    world,
  }) => {
    const { client, claude, server } = await world.talk([bash('print', 'echo $ANTHROPIC_BASE_URL $ANTHROPIC_API_KEY')])
    client.prompt('print')
    const [, url, placeholder] = /printed: (\S+) (\S+)/.exec((await client.result()).result)!
    const key = { 'x-api-key': placeholder! }
    const before = claude.requests.length
    expect((await ask(`${url}/v1/models`, { headers: { 'x-api-key': 'placeholder-guess' } })).status).toBe(401)
    expect((await ask(`${url}/v1/models`)).status).toBe(401)
    for (const path of ['/v1/files', '/v1/organizations/me', '/', '//evil.example/v1/messages', '/v1/messages/../files']) {
      expect((await ask(url + path, { headers: key })).status, path).toBe(404)
    }
    expect(claude.requests.length, 'nothing of it got through').toBe(before)
    expect((await ask(`${url}/v1/models`, { headers: key })).status).toBe(200)
    await ask(`${server.url}/config`, { method: 'POST', body: { systemPrompt: 'other' } })
    client.prompt('print')
    await client.result()
    expect((await ask(`${url}/v1/models`, { headers: key })).status, 'of an agent that was replaced').toBe(401)
  })
})
