/** A request that a rule would take, made from the rule's own match. */

import type { Listener, Route, VirtualHost } from "../../compiler/index.ts";
import type { Ask } from "./client.ts";

/** Where each service of the demo has something to say. */
const PATHS: Readonly<Record<string, string>> = {
  productpage: "/productpage",
  details: "/details/0",
  reviews: "/reviews/0",
  ratings: "/ratings/0",
  quotes: "/quote",
};

/** `undefined` when the match holds something that the demo does not know to satisfy (a regular expression, say). */
export function requestFor(listener: Listener, host: VirtualHost, route: Route): Ask | undefined {
  const domain = preferredDomain(host, listener);
  const { path, headers, queryParams } = route.match;
  const asked: Record<string, string> = {};
  for (const { name, match, invert } of headers) {
    if (invert && !name.startsWith(":")) {
      continue; // simply not sent
    }
    if (name.startsWith(":") || match.kind === "regex") {
      return undefined;
    }
    asked[name] = match.kind === "present" ? "yes" : match.value;
  }
  const query: string[] = [];
  for (const { name, match } of queryParams) {
    if (match.kind === "regex") {
      return undefined;
    }
    query.push(`${name}=${match.kind === "present" ? "" : match.value}`);
  }
  if (path?.kind === "regex") {
    return undefined;
  }
  const asPath = path === undefined || path.value === "/" ? pathOf(domain) : path.value;
  return {
    host: domain,
    path: query.length === 0 ? asPath : `${asPath}?${query.join("&")}`,
    headers: asked,
  };
}

/** `reviews` of `reviews.default.svc.cluster.local:9080`, `quotes` of `quotes.example.com`. */
export function appOf(host: string): string {
  return host.split(/[.:]/)[0]!;
}

export function pathOf(host: string): string {
  return PATHS[appOf(host)] ?? "/";
}

/** The shortest exact name, with its port when it has one with; the listener's own for `*`. */
function preferredDomain({ domains }: VirtualHost, listener: Listener): string {
  const exact = domains.filter((domain) => !domain.startsWith("*"));
  const shortest = [...exact].sort((a, b) => a.length - b.length)[0];
  if (shortest === undefined) {
    const suffix = domains.find((domain) => domain.startsWith("*."));
    return suffix === undefined ? `127.0.0.1:${listener.port}` : `www${suffix.slice(1)}`;
  }
  return exact.find((domain) => domain.startsWith(`${shortest}:`)) ?? shortest;
}
