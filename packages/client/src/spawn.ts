// For the official SDK on Node and Bun: its process is the server's.
export { remoteProcess, type RemoteProcessOptions } from './spawn/remote-process.ts'
