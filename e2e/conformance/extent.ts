import type { Case } from './case.ts'
import { isLong } from '../support/long.ts'
import { cases } from './cases.ts'

/** What every way runs: all cases, or the core of them. */
export const extent: Case[] = isLong ? cases : cases.filter(({ isCore }) => isCore === true)
