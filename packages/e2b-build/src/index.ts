// the program
export type { Program } from './run.ts'
export { run } from './run.ts'
// its errors
export type { BuildErrorCode } from './errors.ts'
export { BUILD_ERRORS, TemplateBuildError } from './errors.ts'
