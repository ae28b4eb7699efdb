/** The rules are more than the place that they are exported to takes; the message says what that is. */
export class TooLargeError extends Error {}
