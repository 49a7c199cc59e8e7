import { isLong } from '../support/long.ts'
import { conform } from './conform.ts'
import { extent } from './extent.ts'
import { ownQuery } from './ways/query.ts'

// What comes out right with the network cut does so without.
if (isLong) conform(ownQuery(), extent)
conform(ownQuery({ isCut: true }), extent)
