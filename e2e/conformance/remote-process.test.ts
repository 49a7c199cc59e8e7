import { isLong } from '../support/long.ts'
import { conform } from './conform.ts'
import { extent } from './extent.ts'
import { overRemoteProcess } from './ways/remote-process.ts'

// What comes out right with the network cut does so without.
if (isLong) conform(overRemoteProcess(), extent)
conform(overRemoteProcess({ isCut: true }), extent)
