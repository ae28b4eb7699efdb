/** What cases call destinations, and Envoy's names for them: `reviews/v2` is `outbound|80|v2|reviews.shop.svc.cluster.local`. */

import type { ProxyOptions } from "../../options.ts";
import type { Expectation, ExpectedCopy, Shares } from "./case.ts";

/** Says what a name without dots belongs to. */
type Proxy = Pick<ProxyOptions, "proxyNamespace" | "domainSuffix">;

/** A request that a cluster answered is answered with 200 unless something else is said. */
export function expectationByFullName<E extends Expectation>(expect: E, proxy: Proxy): E {
  const { cluster, copies, status } = expect;
  return {
    ...expect,
    ...(cluster !== undefined && { cluster: clusterName(cluster, proxy) }),
    ...(copies && {
      copies: copies.map((copy): ExpectedCopy => ({ ...copy, cluster: clusterName(copy.cluster, proxy) })),
    }),
    ...(status === undefined && cluster !== undefined && cluster !== "none" && { status: 200 }),
  };
}

export function sharesByFullName(shares: Shares, proxy: Proxy): Shares {
  const named = (parts: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(parts).map(([name, share]) => [clusterName(name, proxy), share]));
  return {
    ...shares,
    ...(shares.clusters && { clusters: named(shares.clusters) }),
    ...(shares.copies && { copies: named(shares.copies) }),
  };
}

/** `reviews`, `reviews/v1`, `reviews:8080/v1`, `a.example:80`; full names and `none` as they are. */
export function clusterName(text: string, proxy: Proxy): string {
  if (text === "none" || text.includes("|")) {
    return text;
  }
  const slash = text.indexOf("/");
  const subset = slash < 0 ? "" : text.slice(slash + 1);
  const [, service, port = "80"] = /^(.*?)(?::(\d+))?$/s.exec(slash < 0 ? text : text.slice(0, slash))!;
  const host = service!.includes(".")
    ? service
    : `${service}.${proxy.proxyNamespace}.svc.${proxy.domainSuffix}`;
  return `outbound|${port}|${subset}|${host}`;
}
