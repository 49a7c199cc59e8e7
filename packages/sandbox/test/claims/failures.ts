import { expect } from 'vitest'
import type { CreateOptions } from '../../src/provider.ts'
import type { Claim } from '../contract.ts'
import { failure, shown } from '../failure.ts'
import { MARK, WRONG_TIMES, wrongOptions } from '../wrong-options.ts'
import { http } from '../speak.ts'

export function failures(claim: Claim): void {
  claim('of a template that is not there is template_not_found', async (stage, skip) => {
    const { missingTemplate: template } = stage.engine
    if (template === undefined) return skip('This engine has no templates.')
    expect((await failure(stage.create({ template }))).code).toBe('template_not_found')
    expect(await stage.engine.leftovers()).toEqual([])
  })

  claim('to reach the engine is engine_unreachable', async (stage) => {
    const provider = stage.engine.unreachable()
    const error = await failure(provider.create(stage.options()))
    expect(error.code).toBe('engine_unreachable')
  })

  claim('to find an id is sandbox_not_found, also of another engine and of nonsense', async (stage) => {
    const { engine } = stage.engine.provider
    for (const id of [`${engine}:i0123456789abcdef0123`, 'other:abc', 'nonsense', `${engine}:../../etc`, ''])
      expect((await failure(stage.connect(id))).code, id).toBe('sandbox_not_found')
  })

  claim('of options that make no sense is invalid_options, with the field but no value', async (stage) => {
    for (const [field, options] of Object.entries(wrongOptions())) {
      // Straight to the provider: the stage would mend some of it.
      const error = await failure(stage.engine.provider.create({ ...stage.engine.create, ...options }))
      expect([error.code, error.message], field).toEqual(['invalid_options', expect.stringContaining(field)])
      expect(shown(error), field).not.toContain(MARK)
    }
    expect(await stage.engine.leftovers()).toEqual([])
    const sandbox = await stage.create()
    const { provider } = stage.engine
    for (const timeoutMs of WRONG_TIMES) {
      const errors = [
        failure(provider.connect(sandbox.id, { timeoutMs })),
        failure(sandbox.extend(timeoutMs)),
      ]
      for (const { code, message } of await Promise.all(errors))
        expect([code, message]).toEqual(['invalid_options', expect.stringContaining('timeoutMs')])
    }
    await sandbox.extend(86_400_000)
    const envs = { ANTHROPIC_API_KEY: `${MARK}\0x` }
    expect(shown(await failure(provider.connect(sandbox.id, { envs })))).not.toContain(MARK)
  })

  claim('of the server to start is start_failed, says why, and nothing is left', async (stage) => {
    const error = await failure(stage.create({ envs: { CLAUDE_AGENT_MAX_SESSIONS: 'plenty' } }))
    expect(error.code).toBe('start_failed')
    expect(error.message).toContain('CLAUDE_AGENT_MAX_SESSIONS')
    expect(await stage.list()).toEqual([])
    expect(await stage.engine.leftovers()).toEqual([])
  })

  claim('by an abort is `aborted`, at any moment, and nothing is left', async (stage) => {
    const early = AbortSignal.abort(new Error('not wanted any more'))
    expect((await failure(stage.create({ signal: early }))).code).toBe('aborted')
    const steps = new Set<string>()
    await (await stage.create({ onProgress: ({ step }) => steps.add(step) })).kill()
    for (const wanted of steps) {
      const abort = new AbortController()
      const onProgress = ({ step }: { step: string }): void => {
        if (step === wanted) abort.abort(new Error('not wanted any more'))
      }
      const error = await failure(stage.create({ signal: abort.signal, onProgress }))
      expect(error.code, wanted).toBe('aborted')
      expect(await stage.list(), wanted).toEqual([])
      expect(await stage.engine.leftovers(), wanted).toEqual([])
    }
  })

  claim('to do what its capabilities deny is not_supported, and nothing is done halfway', async (stage) => {
    const { capabilities } = stage.engine.provider
    const denied: CreateOptions[] = [
      ...(capabilities.pauseOnTimeout === false ? [{ onTimeout: 'pause' } as const] : []),
      ...(capabilities.resources ? [] : [{ resources: { memoryMb: 512 } }]),
      ...(capabilities.network ? [] : [{ network: { internet: false } }]),
    ]
    for (const options of denied)
      expect((await failure(stage.create(options))).code, JSON.stringify(options)).toBe('not_supported')
    expect(await stage.engine.leftovers()).toEqual([])
    if (capabilities.pause !== false) return
    const sandbox = await stage.create()
    expect((await failure(sandbox.pause())).code).toBe('not_supported')
    expect((await http(sandbox, '/sessions')).status).toBe(200)
  })
}
