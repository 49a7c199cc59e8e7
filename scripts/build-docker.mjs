// npm run build:docker: builds the image of claude-agent-server from the working tree, as it is.
//   --name <name>   tag of the image, default claude-agent-server
//   --base <image>  image to begin with, default the one in docker/Dockerfile
import { parseArgs } from 'node:util'
import { ask, BASE, buildImage, IMAGE } from './docker.mjs'

const { values } = parseArgs({
  options: { name: { type: 'string', default: IMAGE }, base: { type: 'string', default: BASE } },
})

const engine = ask(['version', '--format', '{{.Server.Version}}'])
if (!engine.ok) {
  console.error(`Docker cannot be used: ${engine.why}`)
  console.error('Install and start it (https://docs.docker.com/get-docker/), or set DOCKER_HOST.')
  process.exit(1)
}

const begin = performance.now()
const isBuilt = await buildImage(values)
const seconds = ((performance.now() - begin) / 1000).toFixed(1)
if (!isBuilt) {
  console.error(`\nThe image '${values.name}' was not built; the step that failed is above.`)
  process.exit(1)
}
const { stdout: size } = ask(['image', 'inspect', '--format', '{{.Size}}', values.name])
console.log(`\nImage '${values.name}': ${Math.round(Number(size) / 1e6)} MB, built in ${seconds} s.`)
