/** What `sluice check --explain CODE` says beside a code's title. */

export interface Explanation {
  /** Why it is said, and what happens otherwise. */
  readonly why: string;
  readonly example: Example;
}

/** Both sides are YAML; tests hold them against what is really said of them. */
export interface Example {
  readonly in: Place;
  /** The code is said of this. */
  readonly wrong: string;
  /** And not of this. */
  readonly right: string;
}

/** What the YAML is a part of; a `call` is a command line, a `file` stands for itself, a `sketch` is words. */
export type Place =
  | "file"
  | "call"
  | "sketch"
  | "VirtualService"
  | "http rule"
  | "DestinationRule"
  | "ServiceEntry"
  | "Gateway"
  | "Sidecar"
  | "server of a Gateway"
  | "check of a case file";

export type Explanations = Readonly<Record<string, Explanation>>;
