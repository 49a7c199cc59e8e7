import { readFile } from 'node:fs/promises'
import { ask } from '../support/http.ts'
import { filesWith } from '../support/folder.ts'
import { bash } from '../support/messages.ts'
import { describe, expect, test } from '../support/test.ts'

// Split, so that this file is no hit when an agent looks for it.
const environmentKey = ['sk', 'ant', 'e2e', 'environment', '51c0ffee'].join('-')
const configKey = ['sk', 'ant', 'e2e', 'config', '52c0ffee'].join('-')

/**
 * Writes down what every process from the shell up to the CLI was started with, then looks for a key around it: in
 * the environment of every process of the machine too, for the server's own holds none any more.
 */
const look = `
exec 3>&1 >looked.txt
env
id=$$
while command grep -qa CLAUDE_AGENT_SERVER_MARK= /proc/$id/environ; do
  for file in cmdline environ; do tr '\\0' '\\n' < /proc/$id/$file; done
  ls -l /proc/$id/fd
  id=$(awk '{print $4}' /proc/$id/stat)
done
echo "looked up to $id" | tee /dev/fd/3
for file in /proc/[0-9]*/cmdline; do tr '\\0' ' ' < $file; done 2>/dev/null
command grep -arsl 'c0ff[e]e' "$HOME" "$PWD" /proc/[0-9]*/cmdline /proc/[0-9]*/environ >&3 || echo nothing found >&3
`

describe('the key for the model', () => {
  test('is in no answer, frame, log, transcript or file, and out of reach of the agent’s Bash', async ({
    world,
  }) => {
    const { client, claude, server } = await world.talk([bash('look', look)], { key: environmentKey })
    const answers: string[] = []
    const tell = async (body?: object): Promise<void> => {
      const answer = await ask(`${server.url}/config`, body === undefined ? {} : { method: 'POST', body })
      answers.push(answer.text, JSON.stringify(answer.headers))
    }
    client.prompt('look')
    const withEnvironmentKey = await client.result()
    const looked = await readFile(`${server.workspace}/looked.txt`, 'utf8')
    expect(looked).toContain('ANTHROPIC_BASE_URL=http://127.0.0.1:')
    expect(looked, 'of the CLI').toMatch(/ANTHROPIC_API_KEY=placeholder-/)
    await tell()
    await tell({ anthropicApiKey: configKey, systemPrompt: 'other' })
    await tell()
    await tell({ anthropicApiKey: configKey, systemPromt: 'typo' })
    await tell({ anthropicApiKey: `${configKey} with a space` })
    client.prompt('look')
    const withConfigKey = await client.result()
    for (const { result } of [withEnvironmentKey, withConfigKey]) {
      expect(result).toBe(`printed: looked up to ${server.pid}\nnothing found`)
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
    expect(await filesWith(server.home, 'looked up to'), 'there is a transcript').not.toEqual([])
    expect(await filesWith(server.dataDir, 'looked up to'), 'there is a log').not.toEqual([])
    expect(JSON.stringify(claude.requests.map(({ body }) => body))).not.toContain('c0ffee')
  })

  test('cannot be used through the broker but for the model: other paths, methods and placeholders are refused', async ({
    world,
  }) => {
    const { client, claude, server } = await world.talk()
    client.prompt('hello')
    await client.result()
    const { environment } = await server.agent()
    const [, url] = /ANTHROPIC_BASE_URL=([^\0]+)/.exec(environment)!
    const key = { 'x-api-key': /placeholder-[\w-]+/.exec(environment)![0] }
    const before = claude.requests.length
    expect((await ask(`${url}/v1/models`, { headers: { 'x-api-key': 'placeholder-guess' } })).status).toBe(
      401,
    )
    expect((await ask(`${url}/v1/models`)).status).toBe(401)
    for (const path of [
      '/v1/files',
      '/v1/organizations/me',
      '/',
      '//evil.example/v1/messages',
      '/v1/messages/../files',
    ]) {
      expect((await ask(url + path, { headers: key })).status, path).toBe(404)
    }
    expect(claude.requests.length, 'nothing of it got through').toBe(before)
    expect((await ask(`${url}/v1/models`, { headers: key })).status).toBe(200)
    await ask(`${server.url}/config`, { method: 'POST', body: { systemPrompt: 'other' } })
    client.prompt('hello')
    await client.result()
    expect((await ask(`${url}/v1/models`, { headers: key })).status, 'of an agent that was replaced').toBe(
      401,
    )
  })
})
