import { describeEngine } from '../contract.ts'
import { confined } from '../local/engine.ts'

describeEngine(confined)
