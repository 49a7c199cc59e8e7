// Files that `npm test` has no time for: what they show on one runtime, engine or way more. `npm run test:long` has all.
export const LONG = [
  'e2e/bun/lives.test.ts',
  'e2e/bun/sessions.test.ts',
  'e2e/conformance/browser.test.ts',
  'e2e/conformance/sdk.test.ts',
  'packages/sandbox/test/contract/local-bare.test.ts',
  'packages/server/test/policy/cli.test.ts',
]
