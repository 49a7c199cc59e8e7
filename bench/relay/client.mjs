// node client.mjs <url of the server> <url of the model's host>: a client that brings the model.
import { serveModel } from '@claude-agent/client'

const [server, host] = process.argv.slice(2)
serveModel({ endpoint: { url: server }, apiKey: 'scripted', baseUrl: host, onError: console.error })
console.log(`brings ${host}`)
