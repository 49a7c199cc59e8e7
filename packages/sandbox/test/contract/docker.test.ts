import { describeEngine } from '../contract.ts'
import { engine } from '../docker/engine.ts'

describeEngine(engine)
