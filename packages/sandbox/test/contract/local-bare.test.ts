import { describeEngine } from '../contract.ts'
import { bare } from '../local/engine.ts'

describeEngine(bare)
