// npm run test:engine-restart: a sandbox in Docker whose engine is restarted. It wants an engine of its own, that no
// other test uses meanwhile: the one that `npm test` starts as root on Debian.
import { OWN_ENGINE } from './docker-engine.mjs'

process.env.TEST_DOCKER_RESTART = OWN_ENGINE.pidFile
process.env.DOCKER_HOST = OWN_ENGINE.host
process.argv.push('e2e/sandboxes/engine-restart.test.ts')
await import('./test.mjs')
