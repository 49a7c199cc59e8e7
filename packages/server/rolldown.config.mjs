import { defineConfig } from 'rolldown'

/** What is not ours is left to the runtime: the SDK finds its CLI beside itself, and Bun has a `ws` of its own. */
const RUNTIME = [/^@anthropic-ai\//, /^node:/, 'ws']

// The programs, each with all that it needs: one file is read in a fraction of the time that hundreds take.
export default defineConfig({
  input: {
    bin: 'src/bin.ts',
    'serve-files': 'src/file-server/serve-files.ts',
    'read-transcripts': 'src/agent/transcripts/read-transcripts.ts',
  },
  platform: 'node',
  external: RUNTIME,
  resolve: { conditionNames: ['@claude-agent/source', 'node', 'import', 'default'] },
  output: { dir: 'dist/program', cleanDir: true, chunkFileNames: '[name].js', sourcemap: true },
})
