/** Values by host name, found by the exact name first and else by the most specific wildcard that covers it. */

import { compareStrings } from "../../ir/text.ts";
import { covers, isWildcard } from "./host-names.ts";

export class HostMap<Value> {
  readonly #exact = new Map<string, Value>();
  readonly #wildcards = new Map<string, Value>();
  /** The wildcards, the longest first: the first that covers a name is the most specific. */
  #byLength: string[] | undefined;

  /** The value of exactly this name, which may be a wildcard. */
  get(host: string): Value | undefined {
    return (isWildcard(host) ? this.#wildcards : this.#exact).get(host);
  }

  set(host: string, value: Value): void {
    (isWildcard(host) ? this.#wildcards : this.#exact).set(host, value);
    this.#byLength = undefined;
  }

  mostSpecific(host: string): Value | undefined {
    const same = this.get(host);
    if (same !== undefined) {
      return same;
    }
    this.#byLength ??= [...this.#wildcards.keys()].sort(
      (a, b) => b.length - a.length || compareStrings(a, b),
    );
    const wildcard = this.#byLength.find((candidate) => covers(candidate, host));
    return wildcard === undefined ? undefined : this.#wildcards.get(wildcard);
  }
}
