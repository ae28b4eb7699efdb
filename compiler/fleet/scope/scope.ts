/** A scope: what proxies have in common that are told the same. */

import type { ProxyOptions } from "../../options.ts";
import type { ProxyNode } from "../model/node.ts";

export interface Scope {
  /** The same for proxies that are told the same. */
  readonly key: string;
  /** What the rules are compiled for. */
  readonly options: ProxyOptions;
}

/** The scope of a proxy: what it claims, and the server's own options for everything else. */
export function scopeOf({ namespace, labels, locality }: ProxyNode, defaults: ProxyOptions): Scope {
  const options: ProxyOptions = {
    ...defaults,
    ...(namespace !== undefined && { proxyNamespace: namespace }),
    ...(labels !== undefined && { proxyLabels: labels }),
    ...(locality !== undefined && {
      proxyLocality: [locality.region, locality.zone, locality.subZone]
        .filter((part) => part !== "")
        .join("/"),
    }),
  };
  const { proxyNamespace, proxyLabels, proxyLocality } = options;
  const sorted = Object.entries(proxyLabels).sort(([a], [b]) => (a < b ? -1 : 1));
  return { key: JSON.stringify([proxyNamespace, proxyLocality, sorted]), options };
}
