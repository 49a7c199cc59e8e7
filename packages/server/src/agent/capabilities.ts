/** What the kernel tells of the rights of a process. */
export interface Rights {
  uid: number
  /** What it may do now, as a bit set. */
  effective: bigint
  /** All that it has in any set that it could make use of. */
  any: bigint
  /** What the programs that it starts have as well. */
  ambient: bigint
  /** No program that it starts can have more; undefined where the system does not say. */
  noNewPrivileges: boolean | undefined
}

/** What a server needs to have agents of another user, by the numbers of the kernel. */
const NEEDED = { DAC_OVERRIDE: 1, KILL: 5, SETGID: 6, SETUID: 7, SYS_PTRACE: 19 } as const

/** Reads `/proc/<id>/status`. */
export function readRights(status: string): Rights {
  const field = (name: string): string | undefined => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1]
  const set = (name: string): bigint => BigInt(`0x${field(name) ?? '0'}`)
  const noNew = field('NoNewPrivs')
  return {
    uid: Number(field('Uid')),
    effective: set('CapEff'),
    any: set('CapEff') | set('CapPrm') | set('CapInh') | set('CapAmb'),
    ambient: set('CapAmb'),
    noNewPrivileges: noNew === undefined ? undefined : noNew === '1',
  }
}

/** The names of what a server lacks. What root has, its children have; others hand on only what is ambient. */
export function lackingCapabilities({ uid, effective, ambient }: Rights): string[] {
  const held = uid === 0 ? effective : effective & ambient
  return Object.entries(NEEDED).flatMap(([name, bit]) => (held & (1n << BigInt(bit)) ? [] : [name]))
}
