import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import type { Claim } from '../contract.ts'
import type { Progress } from '../../src/provider.ts'
import { waitUntilReady } from '../../src/ready.ts'
import { askAt, http, openSocket } from '../speak.ts'

/** The steps of a creation, in the order in which an engine may take them. */
const STEPS = ['pull', 'create', 'start', 'unseal', 'ready']

export function servers(claim: Claim): void {
  claim(
    'answers as soon as the sandbox was created: to its token, and to nobody without it',
    async (stage) => {
      const sandbox = await stage.create()
      expect(sandbox.id.startsWith(`${stage.engine.provider.engine}:`)).toBe(true)
      expect(Buffer.from(sandbox.token, 'base64url').length).toBeGreaterThanOrEqual(32)
      const { status, body } = await http(sandbox, '/health')
      expect({ status, body }).toMatchObject({ status: 200, body: { status: 'ok', sealed: false } })
      expect((await http(sandbox, '/sessions')).status).toBe(200)
      expect((await http(sandbox, '/sessions', { token: null })).status).toBe(401)
      expect((await http(sandbox, '/sessions', { token: 'a-wrong-one' })).status).toBe(401)
    },
  )

  claim(
    'takes a WebSocket at the endpoint, with its headers and the token, and refuses one without',
    async (stage) => {
      const sandbox = await stage.create()
      const endpoint = await sandbox.endpoint()
      const { status, first } = await openSocket(endpoint, '/ws', sandbox.token)
      expect(status).toBe(101)
      expect(JSON.parse(first!)).toMatchObject({ type: 'connected' })
      expect((await openSocket(endpoint, '/ws', 'a-wrong-one')).status).toBe(401)
    },
  )

  claim('tells of its creation step by step, in order, ready at last', async (stage) => {
    const heard: Progress[] = []
    await stage.create({ onProgress: (progress) => heard.push(progress) })
    const places = heard.map(({ step }) => STEPS.indexOf(step))
    expect(places).not.toContain(-1)
    expect(places).toEqual([...places].sort((a, b) => a - b))
    expect(heard.at(-1)?.step).toBe('ready')
    expect(heard.every(({ message }) => message !== '')).toBe(true)
    const times = heard.map(({ elapsedMs }) => elapsedMs)
    expect(times).toEqual([...times].sort((a, b) => a - b))
  })

  claim(
    'is sealed before its token arrives: it answers /health and nothing else, then to that token',
    async (stage, skip) => {
      if (stage.engine.sealed === undefined) return skip('This engine starts no server without a token.')
      const sealed = await stage.engine.sealed()
      const { endpoint } = sealed
      try {
        expect(await waitUntilReady(endpoint, { until: 'sealed' })).toMatchObject({ sealed: true })
        expect((await askAt(endpoint, '/sessions')).status).toBe(503)
        expect((await askAt(endpoint, '/sessions', { token: 'any' })).status).toBe(503)
        expect((await openSocket(endpoint, '/ws', 'any')).status).toBe(503)
        const token = randomBytes(32).toString('base64url')
        await sealed.unseal(token)
        expect(await waitUntilReady(endpoint)).toMatchObject({ sealed: false })
        expect((await askAt(endpoint, '/sessions', { token })).status).toBe(200)
        expect((await askAt(endpoint, '/sessions', { token: 'any' })).status).toBe(401)
      } finally {
        await sealed.close()
      }
    },
  )
}
