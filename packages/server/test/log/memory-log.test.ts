import { MemoryLog } from '../../src/log/memory-log.ts'
import { describeEventLog } from './contract.ts'

describeEventLog('MemoryLog', (options) => new MemoryLog(options))
