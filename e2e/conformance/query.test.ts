import { conform } from './conform.ts'
import { extent } from './extent.ts'
import { ownQuery } from './ways/query.ts'

conform(ownQuery(), extent)
conform(ownQuery({ isCut: true }), extent)
