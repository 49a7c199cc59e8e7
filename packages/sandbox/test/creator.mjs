// Creates a sandbox as a program of its own would, tells which, and dies at once, with no end in order. Runs from the
// built package. On stdin: {module, factory, options, create}.
import { writeSync } from 'node:fs'
import { text } from 'node:stream/consumers'

const { module, factory, options, create } = JSON.parse(await text(process.stdin))
const provider = (await import(module))[factory](options)
const { id, token } = await provider.create(create)
writeSync(1, JSON.stringify({ id, token }))
process.kill(process.pid, 'SIGKILL')
