/** What was asked of a tap cannot be shown; the message says why. */
export class TapError extends Error {}
