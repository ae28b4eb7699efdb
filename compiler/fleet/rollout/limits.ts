/** How patient a roll-out is with its proxies. Times are milliseconds. */

/** A living Envoy is back within 5 s, which is its longest pause between two tries. */
export const LOST_MS = 8_000;
/** A proxy whose stream breaks so often counts as lost, although it comes back each time. */
export const MOST_DEPARTURES = 3;
/** For all steps of a change, with whatever goes to other proxies first. Each step has a deadline of its own. */
export const ANSWER_MS = 120_000;
