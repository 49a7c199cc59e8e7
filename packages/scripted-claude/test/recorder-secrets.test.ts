import { readFile, readdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { cassettePath, readCassette, startRecording } from './support/cassette.ts'
import { bodyOf } from './support/conversation.ts'
import { startRules, startSteps } from './support/scripted.ts'
import { askText, post } from './support/wire.ts'

const key = 'a-planted-key-of-the-test'

test('the key goes to the API and nowhere else', async () => {
  const pieces = key
    .split('-')
    .map((piece, index) => ({ text: `${index === 0 ? '' : '-'}${piece}`, pace: { deltaSize: 3 } }))
  const api = await startRules([
    {
      match: { lastUserText: 'fail' },
      steps: [{ error: { status: 401, message: `bad key ${key}`, headers: { 'x-echo': key } } }],
    },
    {
      match: { lastUserText: 'late' },
      steps: [{ text: 'so far' }, { error: { status: 529, message: key } }],
    },
    { steps: [...pieces, { toolUse: { name: 'Bash', input: { command: `echo ${key}` } } }] },
  ])
  const path = await cassettePath()
  const recorder = await startRecording(api, path)
  const headers = { 'x-api-key': key, authorization: `Bearer ${key}`, cookie: `session=${key}` }
  for (const prompt of [`fail ${key}`, 'late', 'speak', `my key is ${key}`]) {
    for (const stream of [true, false]) {
      const body = { ...bodyOf(prompt), stream, metadata: { user_id: `{"account_uuid":"${key}-2"}` } }
      const text = await (await post(recorder, body, { headers })).text()
      expect(text.length).toBeGreaterThan(0)
    }
  }
  await recorder.close()
  expect(api.requests[0]?.headers['x-api-key']).toBe(key)
  const text = await readFile(path, 'utf8')
  const { exchanges } = await readCassette(path)
  expect(exchanges).toHaveLength(8)
  const said = exchanges
    .flatMap(({ answer }) => answer.events ?? [])
    .map(({ data }) => {
      const { delta } = data as { delta?: { text?: string; partial_json?: string } }
      return delta?.text ?? delta?.partial_json ?? ''
    })
  for (const place of [text, said.join('')]) {
    for (const piece of [key, 'planted', Buffer.from(key).toString('base64')])
      expect(place).not.toContain(piece)
  }
  expect(text).toContain('my key is [removed]')
  expect(await readdir(dirname(path))).toEqual(['cassette.json'])
})

test('where a secret would be left, nothing is written, and the recording ends with an error', async () => {
  const path = await cassettePath()
  await writeFile(path, 'what was there')
  const api = await startSteps([{ text: `in hex ${Buffer.from(key).toString('hex')}` }])
  const recorder = await startRecording(api, path)
  await post(recorder, 'go', { headers: { 'x-api-key': key } })
  await expect(recorder.close()).rejects.toMatchObject({
    code: 'secret_in_cassette',
    message: 'Exchange 1 still holds a credential; the cassette is not written.',
  })
  expect(await readFile(path, 'utf8')).toBe('what was there')
})

test('a key that is known only later is not left in what was recorded before', async () => {
  const api = await startSteps([{ text: 'yes' }])
  const path = await cassettePath()
  const recorder = await startRecording(api, path)
  await askText(recorder, `my key will be ${key}`)
  await (await post(recorder, 'go', { headers: { 'x-api-key': key } })).text()
  await expect(recorder.close()).rejects.toMatchObject({ code: 'secret_in_cassette' })
})
