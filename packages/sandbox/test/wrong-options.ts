import type { CreateOptions } from '../src/provider.ts'

/** What is in every wrong value here, and must be in no error. */
export const MARK = 'sk-ant-of-wrong-options'

/** 172 800 000: two days. */
export const WRONG_TIMES: readonly number[] = [0, -1, 999, 1500.5, 86_400_001, 172_800_000, Number.NaN]

/** Options that no engine takes, by what the error has to name. */
export function wrongOptions(): Record<string, CreateOptions> {
  const from = (json: object): CreateOptions => json
  return {
    'envs.ANTHROPIC_API_KEY': { envs: { ANTHROPIC_API_KEY: `${MARK}\0--bind\0/\0/` } },
    'envs.NUMBER': from({ envs: { NUMBER: 7 } }),
    'envs.LONG': { envs: { LONG: MARK.repeat(10_000) } },
    envs: { envs: { [`A=${MARK}`]: 'x' } },
    'metadata.who': { metadata: { who: `${MARK}\nline` } },
    'metadata.nul': { metadata: { nul: `${MARK}\0` } },
    'metadata.long': { metadata: { long: MARK.repeat(100) } },
    metadata: { metadata: { [`${MARK}\0`]: 'x' } },
    template: { template: `--volume=/:/${MARK}` },
    'template`': { template: `${MARK}\0` },
    onTimeout: from({ onTimeout: MARK }),
    timeoutMs: { timeoutMs: 172_800_000 },
    'resources.memoryMb': { resources: { memoryMb: 0 } },
    'resources.pids': { resources: { pids: -1 } },
    'resources.cpus': { resources: { cpus: 0 } },
    'resources.cpus`': from({ resources: { cpus: `1 ${MARK}` } }),
    'network.internet': from({ network: { internet: MARK } }),
    'network.injectHeaders': {
      network: { injectHeaders: { 'example.com': { 'x-api-key': `${MARK}\r\nx: y` } } },
    },
  }
}
