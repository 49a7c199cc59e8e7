import { conform } from './conform.ts'
import { extent } from './extent.ts'
import { browserSdk } from './ways/browser.ts'

conform(browserSdk, extent)
