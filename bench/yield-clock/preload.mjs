// node --import …/preload.mjs bin.js: the program runs as it is, but for a clock on what the SDK yields.
import { register } from 'node:module'

register('./redirect.mjs', import.meta.url)
