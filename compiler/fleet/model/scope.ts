/** A scope: what proxies have in common that are told the same. */

import type { ProxyOptions } from "../../options.ts";

export interface Scope {
  /** The same for proxies that are told the same, as long as the rules ask the same of proxies. For people, too. */
  readonly key: string;
  /**
   * The same for proxies that the same rules hold for, on whichever addresses and ports they listen: a roll-out compares these
   * with each other, and begins with one of them.
   */
  readonly group: string;
  /** What the rules are compiled for: of the proxy, only what they ask about. Scopes with one key have equal options. */
  readonly options: ProxyOptions;
}
