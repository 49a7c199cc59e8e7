/** The version of the wire that this package describes. A change that an older peer would misread raises it. */
export const PROTOCOL_VERSION = 3
/** The oldest version that a server of this version still speaks. */
export const OLDEST_PROTOCOL_VERSION = 1
