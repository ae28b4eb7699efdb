/** What an Envoy has accepted, as a relay knows it: by type and name, with the bytes, so that it can be said again. */

export interface Accepted {
  readonly version: string;
  /** `undefined` for what the Envoy says it has, and nobody here has seen. */
  readonly bytes: Uint8Array | undefined;
}

/** Type URL → name → resource. */
export type AcceptedSet = ReadonlyMap<string, ReadonlyMap<string, Accepted>>;
