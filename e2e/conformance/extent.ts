import type { Case } from './case.ts'
import { cases } from './cases.ts'

/** Whether all cases run by every way, or the core of them. */
export const isWhole = process.env['CONFORMANCE'] === 'whole'

/** What is run by a way that need not see all each time. */
export const extent: Case[] = isWhole ? cases : cases.filter(({ isCore }) => isCore === true)
