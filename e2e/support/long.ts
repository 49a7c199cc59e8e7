/** Every test is run, also those that `npm test` has no time for: `npm run test:long`. */
export const isLong = process.env['TESTS'] === 'all'

/** Why a test is left out, in words; undefined when it is run. */
export const noTime = isLong ? undefined : 'left out of npm test for its time: npm run test:long'
