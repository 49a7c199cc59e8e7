import { conform } from './conform.ts'
import { extent } from './extent.ts'
import { overRemoteProcess } from './ways/remote-process.ts'

conform(overRemoteProcess(), extent)
conform(overRemoteProcess({ isCut: true }), extent)
