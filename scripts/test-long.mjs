// npm run test:long: npm test with those tests that it has no time for. Arguments go to the test runner.
process.env.TESTS = 'all'
await import('./test.mjs')
