import { expect, test } from 'vitest'
import { acceptControlRequest } from '../../../src/policy/stdio/control-requests.ts'

test.each([
  { subtype: 'interrupt' },
  { subtype: 'interrupt', cancel_queued: true },
  { subtype: 'cancel_async_message', message_uuid: 'u' },
  { subtype: 'mcp_message', server_name: 's', message: { jsonrpc: '2.0', method: 'x' } },
  { subtype: 'set_permission_mode', mode: 'plan' },
  { subtype: 'set_model', model: 'm' },
  { subtype: 'set_model' },
  { subtype: 'set_max_thinking_tokens', max_thinking_tokens: 5, thinking_display: 'omitted' },
  { subtype: 'set_max_thinking_tokens', max_thinking_tokens: null },
  { subtype: 'set_max_thinking_tokens', thinking_display: null },
  { subtype: 'set_mcp_permission_mode_override', serverName: 's', mode: null },
  { subtype: 'apply_flag_settings', settings: { language: 'de' } },
  { subtype: 'update_settings', source: 'localSettings', settings: { outputStyle: 'x' } },
  { subtype: 'mcp_set_servers', servers: { a: { command: 'x' }, b: { type: 'sdk', name: 'b' } } },
  { subtype: 'mcp_reconnect', serverName: 's' },
  { subtype: 'mcp_toggle', serverName: 's', enabled: false },
  { subtype: 'mcp_read_resource', serverName: 's', uri: 'ui://x' },
  { subtype: 'mcp_status' },
  { subtype: 'get_context_usage', detail: 'summary' },
  { subtype: 'get_context_usage' },
  { subtype: 'get_usage', skip_behaviors: true },
  { subtype: 'rewind_files', user_message_id: 'u', dry_run: true },
  { subtype: 'read_file', path: 'a', max_bytes: 5, encoding: 'base64' },
  { subtype: 'read_file', path: 'a' },
  { subtype: 'seed_read_state', path: 'a', mtime: 5 },
  { subtype: 'reload_plugins', hold_on_cache_impact: true, refuse_if_busy: true },
  { subtype: 'reload_skills' },
  { subtype: 'reload_output_styles' },
  { subtype: 'stop_task', task_id: 't' },
  { subtype: 'background_tasks' },
  { subtype: 'background_tasks', tool_use_id: 't' },
  {
    subtype: 'initialize',
    hooks: { PreToolUse: [{ matcher: 'Bash', hookCallbackIds: ['hook_0'], timeout: 5 }] },
    sdkMcpServers: ['own'],
    systemPrompt: [''],
    appendSystemPrompt: 'more',
    excludeDynamicSections: true,
    systemPromptSnapshot: false,
    jsonSchema: { type: 'object' },
    agents: { a: { description: 'd', prompt: 'p' } },
    skills: ['pdf'],
    title: 't',
    supportedDialogKinds: ['x'],
    perTaskStopAffordance: true,
    mcpServers: { a: { command: 'x', env: { A: 'b' } } },
    plugins: [{ type: 'local', path: './p' }],
  },
])('a request that the SDK makes is let through as it is: %j', (request) => {
  expect(acceptControlRequest(request).request).toEqual(request)
})

test.each([
  { subtype: 'set_permission_mode', mode: 'plan', also: 'this' },
  { subtype: 'mcp_status', liveReply: true },
  { subtype: 'reload_skills', path: '/etc' },
])('fields that no rule names are left out: %j', (request) => {
  expect(Object.keys(acceptControlRequest(request).request)).not.toContain(Object.keys(request).at(-1))
})

test.each([
  [{ subtype: 'interrupt', cancel_queued: 'yes' }, 'control_refused'],
  [{ subtype: 'initialize', managedSettings: {} }, 'option_refused'],
  [
    { subtype: 'initialize', agents: { a: { hooks: { Stop: [{ hooks: [{ type: 'x' }] }] } } } },
    'invalid_config',
  ],
  [{ subtype: 'initialize', sdkMcpServers: 'own' }, 'control_refused'],
  [{ subtype: 'mcp_set_servers', servers: 5 }, undefined],
  [{ subtype: 'mcp_set_servers', servers: { a: { command: '' } } }, 'invalid_config'],
  [{ subtype: 'read_file', path: 5 }, 'invalid_request'],
  [{ subtype: 'reload_plugins', plugin_paths: ['x'] }, 'invalid_request'],
  [{ subtype: '__proto__' }, 'control_refused'],
  [{ subtype: 5 }, 'control_refused'],
])('%j is refused', (request, code) => {
  const judge = (): unknown => acceptControlRequest(request)
  if (code === undefined) expect(judge()).toMatchObject({ request: { servers: {} } })
  else expect(judge).toThrow(expect.objectContaining({ code }))
})

test('secrets of MCP servers are not shown in an answer', () => {
  const { show } = acceptControlRequest({ subtype: 'mcp_status' })
  const config = { type: 'http', url: 'http://x/', headers: { authorization: 'secret' } }
  expect(JSON.stringify(show?.({ mcpServers: [{ name: 'a', config }] }))).not.toContain('secret')
})
