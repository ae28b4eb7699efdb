/** Where a text is about to be applied: its objects are read as they would be there. Plain data, so that it can be sent to threads. */

export interface AppliedTo {
  /** Of objects that name none. */
  readonly namespace: string;
  /** When objects of the text were created that are there already, by `appliedKey`; all others will be the youngest. */
  readonly created: ReadonlyMap<string, string>;
}

/** Of an object that the API server has yet to create. */
export const YOUNGEST = "9999-12-31T23:59:59Z";

/** What tells objects of the kinds that are read from each other. */
export function appliedKey(kind: string, namespace: string, name: string): string {
  return `${kind} ${namespace}/${name}`;
}
