/** A scope: what proxies have in common that are told the same. */

import type { ProxyOptions } from "../../options.ts";

export interface Scope {
  /** The same for proxies that are told the same, as long as the rules ask the same of proxies. For people, too. */
  readonly key: string;
  /** What the rules are compiled for: of the proxy, only what they ask about. Scopes with one key have equal options. */
  readonly options: ProxyOptions;
}
