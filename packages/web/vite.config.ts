import { defaultClientConditions, defineConfig } from 'vite'

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  // The client and the protocol are compiled from their sources, so that no other build has to come first.
  resolve: { conditions: ['@claude-agent/source', ...defaultClientConditions] },
  build: {
    outDir: '../server/dist/web',
    emptyOutDir: true,
    // The page's content security policy knows no inline script, style or font.
    assetsInlineLimit: 0,
    modulePreload: false,
    target: 'es2023',
  },
})
