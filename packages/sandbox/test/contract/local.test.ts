import { describeEngine } from '../contract.ts'
import { bare, confined } from '../local/engine.ts'

describeEngine(bare)
describeEngine(confined)
