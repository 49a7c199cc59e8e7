import { cases } from './cases.ts'
import { conform } from './conform.ts'
import { extent } from './extent.ts'
import { ownQuery } from './ways/query.ts'

conform(ownQuery(), cases)
conform(ownQuery({ isCut: true }), extent)
