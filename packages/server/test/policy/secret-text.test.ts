import { expect, test } from 'vitest'
import { isSecretName, maskText } from '../../src/policy/secret-text.ts'

test.each([
  ['https://user:pw@host/x', 'https://[redacted]@host/x'],
  ['https://user:p@w@host/x', 'https://[redacted]@host/x'],
  ['https://host/?api_key=abc&page=2', 'https://host/?api_key=[redacted]&page=2'],
  ['https://host/?X-Amz-Signature=abc', 'https://host/?X-Amz-Signature=[redacted]'],
  ['https://host/?accessKey=abc', 'https://host/?accessKey=[redacted]'],
  ['https://host/#token=abc', 'https://host/#token=[redacted]'],
  ['https://mcp.host.com/s/ZGM0Yjk5MWQtYjQ5Mi00/mcp', 'https://mcp.host.com/s/[redacted]/mcp'],
  ['postgres://me:pw@db:5432/app', 'postgres://[redacted]@db:5432/app'],
  ['--url=https://h/?token=abc', '--url=https://h/?token=[redacted]'],
  ['API_KEY=abc npx x', 'API_KEY=[redacted] npx x'],
  ['npx x --api-key abc --port 80', 'npx x --api-key [redacted] --port 80'],
  ['--password=abc', '--password=[redacted]'],
  ["curl -H 'X-Api-Key: abc' http://h", "curl -H 'X-Api-Key: [redacted]' http://h"],
  ['Authorization: Basic abc==', 'Authorization: [redacted]'],
  ['accept: text/x; Bearer abc', 'accept: text/x; Bearer [redacted]'],
  ['{"apiKey":"abc","n":1}', '{"apiKey":"[redacted]","n":1}'],
  ['use sk-ant-api03-abcdefgh now', 'use [redacted] now'],
  ['ghp_0123456789abcdefghij', '[redacted]'],
])('%s is shown as %s', (text, shown) => {
  expect(maskText(text)).toBe(shown)
  expect(maskText(shown)).toBe(shown)
})

test.each([
  'https://mcp.example.com/v1/tools?page=2&limit=10',
  'https://a1b2c3d4e5f6a7b8c9d0.execute-api.us-east-1.example.com/prod',
  'npx -y @scope/server-filesystem /home/user/workspace',
  '--max-tokens=4096 --port 80 --verbose',
  'Bash(git log:*)',
  '{"matcher":"Write|Edit"}',
  'node ./author.js --monkey=5',
])('%s is shown as it is', (text) => {
  expect(maskText(text)).toBe(text)
})

test.each([
  'apiKey',
  'API_KEY',
  'x-api-key',
  'clientSecret',
  'Authorization',
  'PASSWORD',
  'authToken',
  'sig',
  'Cookie',
])('%s is the name of a secret', (name) => {
  expect(isSecretName(name)).toBe(true)
})

test.each(['url', 'command', 'monkey', 'author', 'path', 'timeout', 'clientId', 'passive', 'keyboard'])(
  '%s is no name of a secret',
  (name) => {
    expect(isSecretName(name)).toBe(false)
  },
)

test.each(['a', 'a.', 'a-', 'a:', 'token', 'token=', '-t ', 'https://', '%61', '/a?b=', '"', 'api_key: '])(
  'a megabyte of %j takes no more than seconds',
  (piece) => {
    const started = Date.now()
    maskText(piece.repeat(1_000_000 / piece.length))
    expect(Date.now() - started).toBeLessThan(10_000)
  },
)
