import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createDockerCommand } from '../../src/docker/command.ts'
import { inspectContainer } from '../../src/docker/container.ts'
import { docker } from '../../src/docker/docker.ts'
import { Losses } from '../../src/docker/losses.ts'
import { DockerSandbox } from '../../src/docker/sandbox.ts'
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

/** What the engine says of a sandbox. */
function inspected(name: string, metadata: string): string {
  return JSON.stringify({
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
}

/** What the provider has the engine do to make a sandbox, which this one never gives. */
async function recordCreation(script: string, template?: string): Promise<{ calls: string[]; error: Error }> {
  const { folder, command } = await makeCommand(`echo "$1 $2" >> "$folder/calls"\n${script}`)
  const error = await failure(docker({ command }).create(template === undefined ? {} : { template }))
  return { calls: (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n'), error }
}

/** The calls but for those that look at the network meanwhile. */
function inOrder(calls: readonly string[]): string[] {
  return calls.filter((call) => call !== 'network inspect')
}

test('a network that is not there is made when the engine misses it, and the container is run again', async () => {
  const { calls } = await recordCreation(`
    case "$1 $2" in
      'network inspect')
        [ -e "$folder/network" ] || { echo 'Error: No such network: claude-agent-server' >&2; exit 1; }
        echo 'false false' ;;
      'network create') : > "$folder/network" ;;
      run*) [ -e "$folder/network" ] || {
        echo 'docker: Error response from daemon: network claude-agent-server not found.' >&2; exit 125; } ;;
      container*) echo 'Error: No such container: gone' >&2; exit 1 ;;
    esac`)
  expect(inOrder(calls).slice(0, 5)).toEqual([
    'run --detach',
    'network create',
    'rm --force',
    'run --detach',
    'container inspect',
  ])
})

test.each([
  ['registry.example.com/mine', ['run --detach', 'pull --quiet', 'rm --force', 'run --detach']],
  ['mine', ['run --detach']],
])('the image %s that is not there is pulled where its name says from where', async (template, expected) => {
  const { calls, error } = await recordCreation(
    `
    case "$1 $2" in
      'network inspect') echo 'false false' ;;
      pull*) : > "$folder/image" ;;
      run*) [ -e "$folder/image" ] && echo 'it is a fake' >&2 || echo 'No such image: mine' >&2; exit 125 ;;
    esac`,
    template,
  )
  expect(inOrder(calls).slice(0, expected.length)).toEqual(expected)
  // What a failed creation may have made is removed.
  expect(inOrder(calls).slice(expected.length)).toEqual(['rm --force'])
  expect(error).toMatchObject(
    template === 'mine' ? { code: 'template_not_found' } : { message: expect.stringContaining('a fake') },
  )
})

test('a container is taken out again of a network that keeps nobody apart', async () => {
  const { calls, error } = await recordCreation(`
    case "$1 $2" in
      'network inspect') echo 'true false' ;;
    esac`)
  expect(error).toMatchObject({
    code: 'start_failed',
    message: expect.stringContaining('keep its containers apart'),
  })
  expect(inOrder(calls)).toEqual(['run --detach', 'rm --force'])
})

test('a container is taken out of such a network also when that was made only after it was looked at', async () => {
  const { calls, error } = await recordCreation(`
    case "$1 $2" in
      'network inspect')
        [ -e "$folder/looked" ] && echo 'true false' && exit 0
        : > "$folder/looked"
        echo 'Error: No such network: claude-agent-server' >&2; exit 1 ;;
    esac`)
  expect(error.message).toContain('keep its containers apart')
  expect(inOrder(calls)).toEqual(['run --detach', 'rm --force'])
})

test('a container that the kernel was too busy to freeze is paused at another try', async () => {
  const { folder, command } = await makeCommand(`
    case "$1" in
      container) cat "$folder/inspected" ;;
      pause)
        echo tried >> "$folder/tries"
        [ "$(wc -l < "$folder/tries")" = 3 ] && exit 0
        echo 'Cannot pause container 1: OCI runtime pause failed: unable to freeze: unknown' >&2; exit 1 ;;
    esac`)
  await writeFile(join(folder, 'inspected'), `${inspected('busy', '{}')}\n`)
  const engine = createDockerCommand(command)
  const sandbox = new DockerSandbox(
    engine,
    new Losses(engine, 60_000),
    await inspectContainer(engine, 'busy'),
  )
  await sandbox.pause()
  expect(await readFile(join(folder, 'tries'), 'utf8')).toBe('tried\n'.repeat(3))
})

test.each(['null', '[]', '7', '{"a":null,"who":"me"}', '{'])(
  'metadata %s in one label keep nobody from the other sandboxes',
  async (label) => {
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
