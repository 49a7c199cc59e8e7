// the server
export type { RunningServer } from './server.ts'
export { startServer } from './server.ts'
// its configuration
export type { ServerConfig } from './config.ts'
export { loadEnvFile, readConfig } from './config.ts'
// the program
export { run } from './run.ts'
