import { execFile } from 'node:child_process'
import { stat, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { startFileServer } from './file-server.ts'

const GIBIBYTE = 2 ** 30

// In a process of its own, so that only the server's memory is measured: up with 1 GiB, then down, compared as it comes.
const CLIENT = `
  import { request } from 'node:http'
  const url = process.argv[1], block = Buffer.alloc(2 ** 20, 'a block of a large file ')
  const send = (method, headers = {}) => {
    const sent = request(url, { method, headers })
    return { sent, answer: new Promise((resolve, reject) => sent.on('response', resolve).on('error', reject)) }
  }
  const { sent, answer } = send('PUT')
  for (let index = 0; index < 1024; index += 1) {
    if (!sent.write(block)) await new Promise((resolve) => sent.once('drain', resolve))
  }
  sent.end()
  const { statusCode } = (await answer).resume()
  const down = send('GET')
  down.sent.end()
  let size = 0, wrong = 0
  for await (const chunk of await down.answer) {
    for (let from = 0; from < chunk.length; ) {
      const start = (size + from) % block.length, length = Math.min(chunk.length - from, block.length - start)
      if (block.compare(chunk, from, from + length, start, start + length) !== 0) wrong += 1
      from += length
    }
    size += chunk.length
  }
  console.log(JSON.stringify({ statusCode, size, wrong }))`

test('1 GiB goes up and down in constant memory', { timeout: 120_000 }, async ({ skip }) => {
  const { bavail, bsize } = await statfs(tmpdir())
  if (bavail * bsize < 2 * GIBIBYTE) skip('needs 2 GiB of free disk')
  const server = await startFileServer()
  const before = process.memoryUsage.rss()
  let peak = before
  const sampler = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20)
  onTestFinished(() => clearInterval(sampler))
  const url = `${server.url}/files/content?path=large`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', CLIENT, url])
  expect(JSON.parse(stdout)).toEqual({ statusCode: 201, size: GIBIBYTE, wrong: 0 })
  expect((await stat(join(server.folder, 'large'))).size).toBe(GIBIBYTE)
  expect((peak - before) / 2 ** 20).toBeLessThan(150)
})
