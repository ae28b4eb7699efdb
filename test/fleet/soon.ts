/** Whether what a proxy reports was enough to be noticed, and was noticed then. */

/** Of a proxy, since the one before. */
export interface Report {
  /** When it came. */
  readonly at: number;
  readonly requests: number;
}

/** Two, and the first one, which is also about the time before. */
const REPORTS = 3;
/** So many leave no doubt of 3 %. A busy machine answers fewer of them within two reports. */
const REQUESTS = 1_500;

/** `heard`: all reports until it was noticed, with the one by which it was. */
export function wasSoon(heard: readonly Report[]): boolean {
  const before = heard.slice(0, -1).reduce((sum, { requests }) => sum + requests, 0);
  return heard.length <= REPORTS || before < REQUESTS;
}
