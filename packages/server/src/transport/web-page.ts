import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { Hono } from 'hono'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** The page at `/` and its assets, read once into memory. Open to everybody: it holds nothing, and asks for the token. */
export async function createWebPage(folder: URL): Promise<Hono> {
  const app = new Hono()
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  for (const name of names) {
    const type = TYPES[extname(name)]
    if (type === undefined) continue
    const body = await readFile(join(folder.pathname, name))
    const isPage = name === 'index.html'
    app.get(isPage ? '/' : `/${name}`, (c) =>
      c.body(body, 200, {
        'content-type': type,
        'content-security-policy': POLICY,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': isPage ? 'no-cache' : 'public, max-age=31536000, immutable',
      }),
    )
  }
  return app
}
