import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { docker } from '../../src/docker/docker.ts'
import { failure } from '../failure.ts'

/** A command that answers as the engine's would, and writes into its folder what it was run with. */
async function makeCommand(script: string): Promise<{ folder: string; command: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'docker-command-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const command = join(folder, 'docker')
  await writeFile(command, `#!/bin/sh\nfolder='${folder}'\n${script}`)
  await chmod(command, 0o755)
  return { folder, command }
}

test('a proxy of the sandbox is not the proxy of the docker command, and is in no argument', async () => {
  const { folder, command } = await makeCommand(`
    case "$1 $2" in
      'image ls') echo 0123 ;;
      'network ls') echo 0123 ;;
      'network inspect') echo 'false false' ;;
      run*)
        env > "$folder/environment"
        printf '%s\n' "$@" > "$folder/arguments"
        for argument in "$@"; do
          case "$argument" in --env-file=*)
            ls -l "\${argument#--env-file=}" > "$folder/listed"
            cp "\${argument#--env-file=}" "$folder/file" ;;
          esac
        done
        echo 'it is a fake' >&2
        exit 1 ;;
    esac`)
  const temporary = async (): Promise<string[]> =>
    (await readdir(tmpdir())).filter((name) => name.startsWith('claude-agent-envs-'))
  const before = await temporary()
  const HTTPS_PROXY = 'http://me:secret-of-the-proxy@127.0.0.1:1'
  const error = await failure(
    docker({ command }).create({ envs: { HTTPS_PROXY, SSL_CERT_FILE: '/own.pem', MINE: 'mine' } }),
  )
  expect(error.message).toContain('it is a fake')
  const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8')
  expect(await read('environment')).not.toMatch(/secret-of-the-proxy|own\.pem/)
  expect(await read('environment')).toContain('MINE=mine')
  expect(await read('arguments')).not.toMatch(/secret-of-the-proxy|mine$/m)
  expect(await read('file')).toBe(`HTTPS_PROXY=${HTTPS_PROXY}\nSSL_CERT_FILE=/own.pem\n`)
  expect(await read('listed')).toMatch(/^-rw-------/)
  expect(await temporary()).toEqual(before)
})

test.each(['null', '[]', '7', '{"a":null,"who":"me"}', '{'])(
  'metadata %s in one label keep nobody from the other sandboxes',
  async (label) => {
    const inspected = (name: string, metadata: string): string =>
      JSON.stringify({
        Name: `/${name}`,
        Created: '2026-01-01T00:00:00Z',
        RestartCount: 0,
        State: { Status: 'running', ExitCode: 0, FinishedAt: '0001-01-01T00:00:00Z' },
        Config: {
          Env: null,
          Labels: { 'claude-agent-server': 'sandbox', 'claude-agent-server.metadata': metadata },
        },
        NetworkSettings: { Ports: null, Networks: null },
      })
    const { folder, command } = await makeCommand(`
      case "$1" in
        ps) echo broken; echo whole ;;
        container) cat "$folder/inspected" ;;
      esac`)
    const lines = [inspected('broken', label), inspected('whole', '{"colour":"red"}')]
    await writeFile(join(folder, 'inspected'), `${lines.join('\n')}\n`)
    const provider = docker({ command })
    expect((await provider.list()).map(({ id }) => id)).toEqual(['docker:broken', 'docker:whole'])
    expect((await provider.list({ metadata: { colour: 'red' } })).map(({ id }) => id)).toEqual([
      'docker:whole',
    ])
  },
)
