/** Flags of Node for a server whose SDK's messages are stamped with the moment at which the SDK yields them. */
export const STAMPED = ['--import', new URL('preload.mjs', import.meta.url).href]
