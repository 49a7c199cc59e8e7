import { describeEngine } from '../contract.ts'
import { engine } from '../e2b/engine.ts'

describeEngine(engine)
