import {
  createSdkMcpServer,
  InMemorySessionStore,
  tool,
  type HookInput,
  type Options,
} from '@anthropic-ai/claude-agent-sdk'
import type { RemoteProcessOptions } from '@claude-agent/client/spawn'
import { z } from 'zod'
import { agentOf } from '../sessions/support/agents.ts'
import { Peer } from '../sessions/support/peer.ts'
import { requestsWith } from '../sessions/support/model.ts'
import { describe, expect, test } from '../sessions/support/shared.ts'
import { signal } from '../support/processes.ts'
import { until } from '../support/until.ts'
import { Conversation } from './support/conversation.ts'
import { collect, remoteQuery, resultsOf } from './support/sdk.ts'

// Each starts processes of its own, which takes a while on a busy machine.
describe('the unmodified SDK over remoteProcess', { timeout: 120_000 }, () => {
  test('runs a prompt in a session that others find and read', async ({ stage, world }) => {
    const messages = await collect(remoteQuery(stage.server, 'hello'))
    expect(resultsOf(messages)).toEqual(['echo: hello'])
    expect(messages.map(({ type }) => type)).toEqual(['system', 'assistant', 'result'])
    const { session_id } = messages.at(-1)!
    const peer = await Peer.attach(world, stage.server, session_id!)
    expect(await peer.status('idle')).toMatchObject({
      id: session_id,
      kind: 'stdio',
      sdkSessionId: session_id,
    })
    await until('the log was read', () => peer.of('agent_exited').length === 1)
    expect(peer.results).toEqual(['echo: hello'])
    expect(JSON.stringify(peer.of('user_message').map(({ data }) => data.message.content))).toContain('hello')
    expect(peer.of('prompt_ended').map(({ outcome }) => outcome)).toEqual(['completed'])
    expect(peer.of('agent_exited')).toMatchObject([{ code: 0 }])
    expect((await peer.info()).usage.turns).toBe(1)
  })

  test('asks canUseTool here, and those who watch see the ask and its answer', async ({ stage, world }) => {
    const asked: string[] = []
    const conversation = new Conversation(stage.server, {
      canUseTool: async (name, input) => {
        asked.push(name)
        return String(input['file_path']).endsWith('no.txt')
          ? { behavior: 'deny', message: 'not that one' }
          : { behavior: 'allow', updatedInput: input }
      },
    })
    world.defer(() => conversation.close())
    expect(await conversation.run('write: yes.txt')).toContain('yes.txt')
    expect(await conversation.run('write: no.txt')).toContain('not that one')
    expect(asked).toEqual(['Write', 'Write'])
    const peer = await Peer.attach(world, stage.server, conversation.session)
    await until('the log was read', () => peer.of('prompt_ended').length === 2)
    expect(peer.of('ask').map(({ kind, data }) => [kind, 'toolName' in data && data.toolName])).toEqual([
      ['can_use_tool', 'Write'],
      ['can_use_tool', 'Write'],
    ])
    expect(peer.of('ask_settled')).toMatchObject([
      { outcome: 'answered', by: 'stdio', result: { behavior: 'allow' } },
      { outcome: 'answered', by: 'stdio', result: { behavior: 'deny' } },
    ])
    expect(peer.statuses).toContain('requires_action')
  })

  test('serves MCP tools and hooks in this process', async ({ stage, world }) => {
    const called: string[] = []
    const ping = tool('ping', 'Answers', { text: z.optional(z.string()) }, async () => {
      called.push('tool')
      return { content: [{ type: 'text', text: 'pong from here' }] }
    })
    const conversation = new Conversation(stage.server, {
      mcpServers: { own: createSdkMcpServer({ name: 'own', tools: [ping] }) },
      allowedTools: ['mcp__own__ping'],
      hooks: {
        PreToolUse: [
          {
            hooks: [
              async (input: HookInput) => {
                called.push(input.hook_event_name)
                return {}
              },
            ],
          },
        ],
      },
    })
    world.defer(() => conversation.close())
    expect(await conversation.run('mcp: mcp__own__ping')).toContain('pong from here')
    expect(called).toEqual(['PreToolUse', 'tool'])
  })

  test('interrupts, sets model and mode, and asks what there is', async ({ stage, world }) => {
    const conversation = new Conversation(stage.server, { permissionMode: 'acceptEdits' })
    world.defer(() => conversation.close())
    conversation.say('talk: until stopped')
    await until('the model talks', () => requestsWith(stage.claude, 'until stopped').length > 0, 40_000)
    await conversation.query.interrupt()
    await conversation.result()
    await conversation.query.setModel('claude-sonnet-4-5')
    await conversation.query.setPermissionMode('plan')
    expect(await conversation.run('after the interrupt')).toContain('after the interrupt')
    expect(requestsWith(stage.claude, 'after the interrupt').at(-1)?.body.model).toBe('claude-sonnet-4-5')
    expect((await conversation.query.supportedCommands()).length).toBeGreaterThan(0)
    expect(await conversation.query.mcpServerStatus()).toEqual([])
    const peer = await Peer.attach(world, stage.server, conversation.session)
    await until('the log was read', () => peer.of('prompt_ended').length === 2)
    expect(peer.of('prompt_ended').map(({ outcome }) => outcome)).toEqual(['interrupted', 'completed'])
  })

  test('resumes its conversation, by its id and as the latest of a named session', async ({ stage }) => {
    const first = await collect(remoteQuery(stage.server, 'my name is Ada'))
    const { session_id } = first.at(-1)!
    const resumed = await collect(remoteQuery(stage.server, 'by id', { resume: session_id! }))
    expect(resumed.at(-1)).toMatchObject({ session_id, result: 'echo: by id' })
    const latest = await collect(
      remoteQuery(stage.server, 'by name', { continue: true }, { session: session_id! }),
    )
    expect(latest.at(-1)).toMatchObject({ session_id, result: 'echo: by name' })
    expect(JSON.stringify(requestsWith(stage.claude, 'by name').at(-1)?.body)).toContain('my name is Ada')
  })

  test('goes on with no conversation of another session, nor with one that never was', async ({
    stage,
    world,
  }) => {
    const peer = await Peer.create(world, stage.server)
    await peer.run('of a session of its own')
    const { sdkSessionId } = await peer.info()
    for (const resume of [sdkSessionId!, crypto.randomUUID()]) {
      const failed = collect(remoteQuery(stage.server, 'steal', { resume }, { session: `thief-${resume}` }))
      await expect(failed).rejects.toThrow('has no conversation')
    }
    // Its id as that of a new session does not get its conversation either.
    const [init] = await collect(remoteQuery(stage.server, 'not mine', {}, { session: sdkSessionId! }))
    expect(init?.session_id).not.toBe(sdkSessionId)
  })

  test('sends nothing of the environment here, but what remoteProcess is given', async ({ stage, world }) => {
    process.env['STDIO_TEST_SECRET'] = 'do not tell'
    world.defer(() => delete process.env['STDIO_TEST_SECRET'])
    const shown = 'bash: echo "<$STDIO_TEST_SECRET|$GIVEN|$ANTHROPIC_API_KEY>"'
    const messages = await collect(
      remoteQuery(
        stage.server,
        shown,
        { env: { ...process.env, ANTHROPIC_API_KEY: 'sk-mine' }, allowedTools: ['Bash'] },
        { env: { GIVEN: 'on purpose' } },
      ),
    )
    const [result] = resultsOf(messages)
    expect(result).toContain('<|on purpose|')
    expect(result).not.toContain('sk-mine')
  })

  test('says which option is refused, and by what name', async ({ stage }) => {
    const refused: [string, Options, Partial<RemoteProcessOptions>?][] = [
      ['additionalDirectories', { additionalDirectories: ['/etc'] }],
      ['extraArgs', { extraArgs: { 'dangerously-something': null } }],
      ['forkSession', { forkSession: true, continue: true }],
      ['sessionId', { sessionId: crypto.randomUUID() }, { session: 'another' }],
      ['managedSettings', { managedSettings: { model: 'x' } }],
      ['settings.apiKeyHelper', { settings: { apiKeyHelper: 'id' } }],
      ['permissionPromptToolName', { permissionPromptToolName: 'mcp__a__b' }],
      ['persistSession', { persistSession: false }],
      ['sessionStore', { sessionStore: new InMemorySessionStore() }],
      ['env.LD_PRELOAD', {}, { env: { LD_PRELOAD: '/tmp/x.so' } }],
      ['env.ANTHROPIC_BASE_URL', {}, { env: { ANTHROPIC_BASE_URL: 'http://evil' } }],
    ]
    for (const [name, options, remote] of refused)
      await expect(collect(remoteQuery(stage.server, 'hello', options, remote)), name).rejects.toThrow(name)
  })

  test('hears how its process ended', async ({ stage, world }) => {
    const conversation = new Conversation(stage.server, {}, { session: 'killed' })
    await conversation.run('hello')
    const peer = await Peer.attach(world, stage.server, 'killed')
    signal((await agentOf(peer)).id, 'SIGKILL')
    await expect(conversation.result()).rejects.toThrow('SIGKILL')
  })

  test('has its process to itself: another is told, and the doors of prompts are closed', async ({
    stage,
    world,
  }) => {
    const session = 'has-a-controller'
    const conversation = new Conversation(stage.server, {}, { session })
    world.defer(() => conversation.close())
    await conversation.run('mine')
    const second = remoteQuery(stage.server, 'me too', {}, { session, reconnectTimeoutMs: 1000 })
    await expect(collect(second)).rejects.toThrow('Another client has the process')
    const peer = await Peer.attach(world, stage.server, session)
    expect(
      await peer.call({
        type: 'user_message',
        data: { type: 'user', message: { role: 'user', content: 'x' } },
      }),
    ).toMatchObject({ code: 'driven_by_stdio' })
    expect(await peer.call({ type: 'interrupt' })).toMatchObject({ code: 'driven_by_stdio' })
    expect(await peer.call({ type: 'call', method: 'setModel', args: ['x'] })).toMatchObject({
      code: 'driven_by_stdio',
    })
    expect(await peer.call({ type: 'register', client: 'c', secret: 's'.repeat(40) })).toMatchObject({
      code: 'driven_by_stdio',
    })
    expect((await peer.http('POST', '/interrupt')).status).toBe(409)
    expect(await conversation.run('still mine')).toBe('echo: still mine')
  })

  test('is told when its session is deleted, and nothing of it is left', async ({ stage, world }) => {
    const conversation = new Conversation(stage.server, {}, { session: 'to-be-deleted' })
    await conversation.run('hello')
    const peer = await Peer.attach(world, stage.server, 'to-be-deleted')
    expect((await peer.http('DELETE')).status).toBe(204)
    await expect(conversation.result()).rejects.toThrow('was deleted')
    expect((await peer.http('GET')).status).toBe(410)
  })

  test('drives no session that takes prompts', async ({ stage, world }) => {
    const peer = await Peer.create(world, stage.server)
    const failed = collect(remoteQuery(stage.server, 'hello', {}, { session: peer.id }))
    await expect(failed).rejects.toThrow('exists, with other options')
  })
})
